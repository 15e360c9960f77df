"""`dataclass` and its companions (PEP 557), as far as this program uses them, made for a fast start.

The standard decorator compiles up to nine methods for every class, used or not: for a hundred classes that was a third of the
time of a `steadypin check`. Here a class gets ordinary methods that know its fields; only `__init__` is compiled, and not
before the first value is made. Type checkers see the standard ones, and who asks for `__dataclass_fields__` gets them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import MISSING as MISSING
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import fields as fields
    from dataclasses import is_dataclass as is_dataclass
    from dataclasses import replace as replace
else:
    from operator import attrgetter, eq, ge, gt, le, lt

    class _Missing:
        def __repr__(self):
            return "MISSING"

    MISSING = _Missing()

    class Field:
        """What is known of one field: what its class says of it."""

        __slots__ = ("compare", "default", "default_factory", "kw_only", "metadata", "name", "repr", "said", "type")

        def __init__(self, said):
            self.said = said  # what the standard `field` is to be told
            self.default = said.get("default", MISSING)
            self.default_factory = said.get("default_factory", MISSING)
            self.compare, self.repr = said.get("compare", True), said.get("repr", True)
            self.metadata = said.get("metadata", {})

    def field(**said):
        return Field(said)

    def fields(value):
        return tuple(value.__fields__.values())

    def is_dataclass(value):
        return hasattr(value, "__fields__")

    def replace(value, /, **changes):
        cls = value.__class__
        for name in cls.__fields__:
            if name not in changes:
                changes[name] = getattr(value, name)
        return cls(**changes)

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, order=False):
        def made(cls):
            return _made(cls, frozen, slots, kw_only, order)

        return made if cls is None else made(cls)

    def _made(cls, frozen, slots, kw_only, order):
        own = _own_fields(cls, kw_only)
        known = {}
        for base in cls.__mro__[:0:-1]:
            known.update(base.__dict__.get("__fields__", ()))
        known.update(own)
        methods = {"__fields__": known, "__dataclass_fields__": _StandardFields(), "__repr__": _repr}
        methods["__match_args__"] = tuple(name for name, item in known.items() if not item.kw_only)
        methods |= _comparisons(tuple(name for name, item in known.items() if item.compare), frozen, order)
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse, "__getstate__": _state, "__setstate__": _set_state}

        def __init__(self, *values, **named):
            made.__init__ = _compiled_init(made, frozen, slots)
            made.__init__(self, *values, **named)

        methods["__init__"] = __init__
        made = _with_slots(cls, own) if slots else cls
        for name, method in methods.items():
            if cls.__dict__.get(name) is None:  # what a class says itself holds; __hash__ is None where it says only __eq__
                setattr(made, name, method)
        for name, item in own.items():
            if not slots and item.default is not MISSING:
                setattr(made, name, item.default)
        return made

    def _own_fields(cls, kw_only):
        found = {}
        for name, annotation in cls.__annotations__.items():
            given = cls.__dict__.get(name, MISSING)
            item = found[name] = given if given.__class__ is Field else Field({} if given is MISSING else {"default": given})
            item.name, item.type, item.kw_only = name, annotation, kw_only
        return found

    def _with_slots(cls, own):
        """The class once more: slots are given when a class is made, not later."""
        left_out = {*own, "__dict__", "__weakref__"}
        content = {name: value for name, value in cls.__dict__.items() if name not in left_out}
        made = type(cls)(cls.__name__, cls.__bases__, {**content, "__slots__": tuple(own)})
        made.__qualname__ = cls.__qualname__
        return made

    def _compiled_init(cls, frozen, slots):
        scope = {"absent": MISSING, "set_attribute": object.__setattr__}
        plain, named, lines = [], [], []
        for name, item in cls.__fields__.items():
            parameter, value = name, name
            if item.default_factory is not MISSING:
                scope[f"make_{name}"] = item.default_factory
                parameter, value = f"{name}=absent", f"make_{name}() if {name} is absent else {name}"
            elif item.default is not MISSING:
                scope[f"default_{name}"] = item.default
                parameter = f"{name}=default_{name}"
            (named if item.kw_only else plain).append(parameter)
            if frozen and slots:
                scope[f"set_{name}"] = getattr(cls, name).__set__
                lines.append(f"set_{name}(self, {value})")
            else:
                lines.append(f"set_attribute(self, '{name}', {value})" if frozen else f"self.{name} = {value}")
        parameters = ", ".join(["self", *plain, *(["*"] if named else []), *named])
        exec(f"def __init__({parameters}):\n " + "\n ".join(lines or ["pass"]), scope)  # noqa: S102 - as the standard one does; the names stand in our own sources
        scope["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
        return scope["__init__"]

    def _comparisons(names, frozen, order):
        key = attrgetter(*names) if names else _nothing

        def compare(holds):
            def method(self, other):
                if other.__class__ is not self.__class__:
                    return NotImplemented
                return holds(key(self), key(other))

            return method

        def __hash__(self):
            return hash(key(self))

        methods = {"__eq__": compare(eq), "__hash__": __hash__ if frozen else None}
        if order:
            methods |= {"__lt__": compare(lt), "__le__": compare(le), "__gt__": compare(gt), "__ge__": compare(ge)}
        return methods

    def _nothing(value):
        return ()

    def _repr(self):
        shown = (f"{name}={getattr(self, name)!r}" for name, item in self.__fields__.items() if item.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def _refuse(self, name, *value):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot change field {name!r}")

    def _state(self):
        return tuple(getattr(self, name) for name in self.__fields__)

    def _set_state(self, state):
        for name, value in zip(self.__fields__, state, strict=True):
            object.__setattr__(self, name, value)

    class _StandardFields:
        """What the standard library would say of a class, made when somebody asks."""

        def __get__(self, value, cls):
            import dataclasses

            rows = [(item.name, item.type, dataclasses.field(**item.said)) for item in cls.__fields__.values()]
            return dataclasses.make_dataclass(cls.__name__, rows, kw_only=True).__dataclass_fields__
