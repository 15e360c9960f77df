"""The grammar of requirements files, line by line."""

from __future__ import annotations

import codecs

import pytest

from steadypin.errors import SourceError
from steadypin.model.locked import LockedPackage, SourceFile
from steadypin.sources.lockfiles.requirements import read_constraints, read_requirements

A = "a" * 64
B = "b" * 64


def read(text: str, path: str = "requirements.txt") -> SourceFile:
    return read_requirements(text.encode(), path)


def only(text: str) -> LockedPackage:
    file = read(text)
    assert not file.problems, file.problems
    (package,) = file.packages
    return package


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("flask==1.0", "1.0"),
        ("flask == 1.0", "1.0"),
        ("flask===1.0-odd", "1.0-odd"),
        ("flask (==1.0)", "1.0"),
        ("flask==1!2.0+local", "1!2.0+local"),
        ("flask==1.*", None),
        ("flask>=1", None),
        ("flask>=1,==1.5", None),
        ("flask", None),
    ],
)
def test_a_pin_is_one_exact_version(line: str, version: str | None) -> None:
    package = only(line)
    assert (package.name, package.version, package.kind) == ("flask", version, "index")


@pytest.mark.parametrize(
    ("line", "kind", "name"),
    [
        ("x @ https://files.example/x-1.0.zip", "url", "x"),
        ("x@git+https://git.example/o/r@main", "vcs", "x"),
        ("x @ file:///srv/x.whl", "path", "x"),
        ("https://files.example/foo_bar-1.0-py3-none-any.whl", "url", "foo-bar"),
        ("https://files.example/foo.zip#egg=foo", "url", "foo"),
        ("git+ssh://git@git.example/o/r.git@v1#egg=foo&subdirectory=sub", "vcs", "foo"),
        ("git+https://git.example/o/r.git", "vcs", None),
        ("./local", "path", None),
        ("./dist/foo-1.0-py3-none-any.whl", "path", "foo"),
        ("foo.tar.gz", "path", None),
        ("-e .", "editable", None),
        ("-e ./sub[dev,test]", "editable", None),
        ("-e git+https://git.example/o/r.git@main#egg=foo", "editable", "foo"),
        ("--editable=git+https://git.example/o/r.git#egg=foo", "editable", "foo"),
        ('-e "foo @ git+https://git.example/o/r.git"', "editable", "foo"),
    ],
)
def test_what_is_not_from_an_index(line: str, kind: str, name: str | None) -> None:
    package = only(line)
    assert (package.kind, package.name, package.version) == (kind, name, None)
    assert package.origin is not None


def test_a_repository_is_split_into_its_parts() -> None:
    origin = only("git+ssh://git@git.example/o/r.git@v1#egg=foo&subdirectory=sub").origin
    assert origin is not None
    assert (origin.url, origin.revision, origin.subdirectory) == ("git+ssh://git@git.example/o/r.git", "v1", "sub")


def test_extras_and_markers() -> None:
    package = only("Foo_Bar [b, a] == 1.0 ; python_version<'3.9' and os_name=='nt'  # why")
    assert (package.name, package.raw_name) == ("foo-bar", "Foo_Bar")
    assert package.extras == ("a", "b")
    assert package.marker == 'python_version < "3.9" and os_name == "nt"'


def test_hashes_over_continued_lines() -> None:
    file = read(f"foo==1.0 \\\n    --hash=sha256:{A} \\\n    --hash sha256:{B}\nbar==2\n")
    assert [(p.name, p.hashed, p.location.line) for p in file.packages] == [("bar", 0, 4), ("foo", 2, 1)]


def test_a_comment_ends_a_continuation_and_cuts_its_hash_off() -> None:
    file = read(f"foo==1.0 \\\n# why\n    --hash=sha256:{A}\n")
    assert file.packages[0].hashed == 0
    assert [problem.location.line for problem in file.problems] == [3]


@pytest.mark.parametrize("text", ["foo==1.0#x", "foo==1.0 #x", "foo==1.0\t# x"])
def test_a_comment_needs_white_space_before_it(text: str) -> None:
    file = read(text)
    assert bool(file.problems) is (text == "foo==1.0#x")


@pytest.mark.parametrize(
    "hash", ["sha256", "md5:" + "a" * 32, "blake3:" + A, "sha256:abc", "sha256:" + "z" * 64], ids=lambda text: text[:10]
)
def test_an_unusable_hash_is_a_problem_of_its_line(hash: str) -> None:
    file = read(f"ok==1.0 --hash=sha256:{A}\nfoo==1.0 --hash={hash}\n")
    assert [problem.location.line for problem in file.problems] == [2]
    assert sorted((p.name, p.version) for p in file.packages) == [("foo", "1.0"), ("ok", "1.0")], "what it pins is known"


def test_options_and_includes() -> None:
    file = read(
        "--index-url=https://a.example/simple\n--extra-index-url 'https://b.example/simple'\n-i https://c.example\n"
        "-f ./wheels\n--no-binary :all:\n--pre\n--trusted-host x\n-r base.txt\n-rdev.txt\n--constraint=c.txt\n--requirem more.txt\n"
    )
    assert file.index_urls == ("https://a.example/simple", "https://b.example/simple", "https://c.example")
    assert [(item.kind, item.path, item.location.line) for item in file.includes] == [
        ("requirements", "base.txt", 8),
        ("requirements", "dev.txt", 9),
        ("constraints", "c.txt", 10),
        ("requirements", "more.txt", 11),
    ]
    assert not file.problems


@pytest.mark.parametrize("line", ["-x what", "--unknown", "--hash", "foo==1 --index-url", "-e", "--pre=1", "foo==1 --hash='"])
def test_options_that_pip_refuses(line: str) -> None:
    file = read(f"{line}\nok==1.0\n")
    assert [problem.location.line for problem in file.problems] == [1]
    assert [package.name for package in file.packages] == ["ok"]


def test_what_pip_drops_after_an_editable_is_told() -> None:
    file = read('-e ./x ; python_version < "3"\n')
    assert len(file.packages) == 1
    assert "ignores the rest" in file.problems[0].message


def test_variables_stay_and_credentials_go() -> None:
    file = read(
        "-i https://user:s3cret@index.example/simple\n--extra-index-url https://${TOKEN}@index.example/simple\n"
        "foo @ git+https://ghp_0123456789abcdef@git.example/o/r.git@v1\nbad line https://u:s3cret@x.example\n"
    )
    assert "s3cret" not in repr(file)
    assert "ghp_" not in repr(file)
    assert "https://${TOKEN}@index.example/simple" in file.index_urls


@pytest.mark.parametrize("style", ["below", "list", "beside"])
def test_via_comments_are_kept(style: str) -> None:
    text = {
        "below": "foo==1.0\n    # via bar\nnext==1.0\n",
        "list": f"foo==1.0 \\\n    --hash=sha256:{A}\n    # via\n    #   bar\n    #   -r base.in\nnext==1.0\n",
        "beside": "foo==1.0  # via bar, baz\nnext==1.0\n",
    }[style]
    foo, following = read(text).packages
    assert foo.via == {"below": ("bar",), "list": ("bar", "-r base.in"), "beside": ("bar", "baz")}[style]
    assert following.via == ()


def test_the_header_names_the_tool_and_its_command() -> None:
    lock = read(
        "#\n# This file is autogenerated by pip-compile with Python 3.11\n# by the following command:\n#\n"
        "#    pip-compile --generate-hashes requirements.in\n#\nfoo==1.0\n"
    )
    assert (lock.generated_by, lock.role) == ("pip-compile --generate-hashes requirements.in", "lock")
    uv = read("# This file was autogenerated by uv via the following command:\n#    uv pip compile a.in -o b.txt\nfoo==1\n")
    assert (uv.generated_by, uv.role) == ("uv pip compile a.in -o b.txt", "lock")
    assert read("# This file is autogenerated by pip-compile\nfoo==1.0\n").generated_by == "pip-compile"


@pytest.mark.parametrize(
    ("text", "path", "role"),
    [
        ("foo==1.0\n", "requirements.in", "manifest"),
        ("foo==1.0\n", "requirements.txt", "both"),
        (f"foo==1.0 --hash=sha256:{A}\n", "requirements.txt", "lock"),
        (f"foo==1.0 --hash=sha256:{A}\nbar==1.0\n", "requirements.txt", "both"),
        ("", "requirements.txt", "both"),
    ],
)
def test_roles(text: str, path: str, role: str) -> None:
    assert read(text, path).role == role


def test_every_named_line_declares() -> None:
    file = read("foo>=1\n-e git+https://git.example/r#egg=bar\nhttps://files.example/x.zip\n")
    assert [(item.name, item.requirement, item.editable) for item in file.declared] == [
        ("bar", "bar @ git+https://git.example/r#egg=bar", True),
        ("foo", "foo>=1", False),
    ]
    assert read_constraints(b"foo<2\n", "constraints.txt").declared[0].kind == "constraint"


def test_one_name_pinned_twice() -> None:
    file = read('a==1\nA==2\nb==1; python_version<"3"\nb==2; python_version>="3"\nc>=1\nc<2\nd==1\nd[x]==1\n')
    assert [(problem.location.line, problem.message.split(":")[0]) for problem in file.problems] == [(2, "a")]
    assert "line 1" in file.problems[0].message


@pytest.mark.parametrize("bom", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE], ids=repr)
def test_byte_order_marks(bom: bytes) -> None:
    encoding = {2: "utf-16-be", 3: "utf-8", 4: "utf-32-le"}[len(bom)] if bom != codecs.BOM_UTF16_LE else "utf-16-le"
    file = read_requirements(bom + "foo==1.0\r\nbar==2\r\n".encode(encoding), "r.txt")
    assert [package.name for package in file.packages] == ["bar", "foo"]


def test_encodings() -> None:
    assert not read_requirements("# -*- coding: latin-1 -*-\n# café\nfoo==1\n".encode("latin-1"), "r").problems
    plain = read_requirements("# café\nfoo==1\n".encode("latin-1"), "r")
    assert "byte offset 5" in plain.problems[0].message
    assert plain.packages
    for codec in ("rot13", "idna", "zip", "nonsense"):
        assert read_requirements(f"# coding: {codec}\nfoo==1\n".encode(), "r").packages


def test_a_merge_conflict_is_an_error() -> None:
    with pytest.raises(SourceError, match="merge conflict") as caught:
        read("<<<<<<< HEAD\nfoo==1\n=======\nfoo==2\n>>>>>>> x\n")
    assert caught.value.location.line == 1


@pytest.mark.parametrize(
    "line",
    ["a" * 100_000, "a==" + "1." * 50_000, "a; " + "(" * 5000 + ")" * 5000, "a" + "[" * 9000, "a" + " " * 100_000 + "b"],
    ids=["name", "version", "marker", "extras", "spaces"],
)
def test_monstrous_lines_cost_little_and_only_themselves(line: str) -> None:
    file = read(f"{line}\nok==1.0\n")
    assert file.packages[-1].name == "ok"
    assert file.problems or len(file.packages) == 2
