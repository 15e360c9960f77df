# ruff: noqa
# mypy: ignore-errors
"""The second half of the script that `steadypin snapshot --emit-script` prints; see interpreter_facts.py for the first.

It records the files that steadypin would read on this disk, metadata up to the end of its headers, so that another machine reads
the very same ledger from them. Python 2.7 to 3.14, standard library alone; its names come from the first half.
"""

LARGEST = 1024 * 1024
METADATA_SUFFIXES = (".dist-info", ".egg-info", ".egg-link", ".egg")
IN_FOLDER = ("METADATA", "INSTALLER", "REQUESTED", "direct_url.json", "PKG-INFO", "requires.txt")


def as_text(value):
    """Paths and bytes as text that JSON can hold; bytes of a file become one character each."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value.decode("latin-1")
    return value


class Recorder(object):
    def __init__(self):
        self.folders = {}
        self.files = {}
        self.errors = {}

    def record(self, path, headers=False):
        """Keep a file's content; for metadata up to the blank line after its headers."""
        try:
            with open(path, "rb") as stream:
                content = stream.read(LARGEST)
        except (IOError, OSError) as error:
            if os.path.exists(path):
                self.errors[as_text(path)] = [error.errno, as_text(error.strerror)]
            return b""
        self.keep(path, content, headers)
        return content

    def keep(self, path, content, headers=False):
        if headers:
            ends = [place + 3 for place in (content.find(b"\n\n"), content.find(b"\n\r\n")) if place >= 0]
            content = content[: min(ends)] if ends else content
        if path.endswith("direct_url.json"):  # a login in the URL of an install stays on this machine
            content = re.sub(b"://(?!git@)[^/@\\s'\"<>]+@", b"://****@", content)
        self.files[as_text(path)] = content.decode("latin-1")

    def path_entry(self, path):
        """One entry of sys.path: its metadata and the paths that its .pth files name."""
        if as_text(path) in self.folders:
            return []
        if os.path.isfile(path):
            if path.endswith(".egg"):
                self.egg(path)
            return []
        try:
            names = os.listdir(path)
        except (IOError, OSError) as error:
            if os.path.exists(path):
                self.errors[as_text(path)] = [error.errno, as_text(error.strerror)]
            return []
        wanted = METADATA_SUFFIXES + (".pth",)
        names = sorted(name for name in names if name.endswith(wanted) or name == "EGG-INFO")
        self.folders[as_text(path)] = [as_text(name) for name in names]
        added = []
        for name in names:
            place = os.path.join(path, name)
            if name.endswith(".pth"):
                added += self.path_file(path, place)
            elif name.endswith(".egg-link"):
                self.egg_link(place)
            elif name.endswith(".egg"):
                self.egg(place)
            else:
                self.metadata(place)
        return added

    def metadata(self, place):
        if not os.path.isdir(place):
            self.record(place, headers=True)
            return
        self.folders[as_text(place)] = []
        for name in IN_FOLDER:
            path = os.path.join(place, name)
            if os.path.exists(path):
                self.record(path, headers=name in ("METADATA", "PKG-INFO"))

    def path_file(self, folder, place):
        lines = self.record(place).decode("utf-8-sig", "replace").splitlines()
        entries = [line.rstrip() for line in lines]
        kept = [line for line in entries if line and not line.startswith(("#", "import ", "import\t")) and "\0" not in line]
        return [os.path.normpath(os.path.join(as_text(folder), line)) for line in kept]

    def egg_link(self, place):
        target = self.record(place).decode("utf-8", "replace").strip().split("\n")[0].strip()
        if not os.path.isdir(target):
            return
        names = [name for name in os.listdir(target) if name.endswith(".egg-info")]
        known = self.folders.setdefault(as_text(target), [])
        known.extend(name for name in names if name not in known)
        for name in names:
            self.metadata(os.path.join(target, name))

    def egg(self, place):
        if os.path.isdir(place):
            self.folders[as_text(place)] = ["EGG-INFO"]
            self.metadata(os.path.join(place, "EGG-INFO"))
            return
        import zipfile

        try:
            archive = zipfile.ZipFile(place)
            found = [name for name in archive.namelist() if name in ("EGG-INFO/PKG-INFO", "EGG-INFO/requires.txt")]
            for name in found:
                with archive.open(name) as stream:
                    self.keep("%s/%s" % (place, name), stream.read(LARGEST), headers=name.endswith("PKG-INFO"))
        except Exception as error:
            self.errors[as_text(place)] = [0, "not a readable egg: %s" % error]
            return
        self.folders[as_text(place)] = ["EGG-INFO"]
        self.folders[as_text(place) + "/EGG-INFO"] = []


def take_snapshot():
    facts = gather_facts()
    recorder = Recorder()
    standard = set(facts["standard_library"])
    pending = [path for path in facts["paths"] if path not in standard and not path.endswith(".zip")]
    while pending:
        path = pending.pop(0)
        added = recorder.path_entry(path)
        if path in facts["site_folders"]:
            pending = [entry for entry in added if os.path.exists(entry)] + pending
    config = os.path.join(facts["prefix"], "pyvenv.cfg")
    if os.path.isfile(config):
        recorder.record(config)
    conda = os.path.join(facts["prefix"], "conda-meta")
    if os.path.isdir(conda):
        recorder.folders[as_text(conda)] = []
    return {
        "kind": "snapshot-script",
        "schema_version": 1,
        "facts": facts,
        "separator": os.sep,
        "folders": recorder.folders,
        "files": recorder.files,
        "errors": recorder.errors,
    }
