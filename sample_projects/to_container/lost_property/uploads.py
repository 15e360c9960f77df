"""Photographs of found things."""

from cgi import parse_header


def file_name(header):
    """The file name of a Content-Disposition, without any folder."""
    _, parameters = parse_header(header)
    return parameters.get("filename", "").replace("\\", "/").rpartition("/")[2]
