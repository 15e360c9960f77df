"""Which found things a description of a lost one may mean."""

import ahocorasick


class Matcher:
    def __init__(self):
        self._items = []
        self._keywords = {}

    def add(self, description, keywords):
        number = len(self._items)
        self._items.append(description)
        for word in keywords or description.lower().split():
            self._keywords.setdefault(word.lower(), set()).add(number)
        return number

    def matches(self, description):
        """Descriptions of found things, the one with the most keywords in common first."""
        if not self._keywords:
            return []
        automaton = ahocorasick.Automaton()
        for word, numbers in self._keywords.items():
            automaton.add_word(word, numbers)
        automaton.make_automaton()
        votes = {}
        for _, numbers in automaton.iter(description.lower()):
            for number in numbers:
                votes[number] = votes.get(number, 0) + 1
        return [self._items[number] for number in sorted(votes, key=lambda number: (-votes[number], number))]
