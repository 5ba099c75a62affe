"""Files of every form, and files that are not what they say."""

import pytest

from orders.imports.reading import FileRefused, decode, read_table, sniff_delimiter

ENCODINGS = ("utf-8", "gb18030")


def read(content: bytes, **options):
    return read_table(content, **{"encodings": ENCODINGS, "max_bytes": 100_000, "max_rows": 100, **options})


@pytest.mark.parametrize(
    "content",
    [
        "订单号,数量\nA-1,“五”\n".encode(),
        "\ufeff订单号,数量\nA-1,“五”\n".encode(),
        "订单号,数量\r\nA-1,“五”\r\n".encode("gbk"),
        "\ufeff订单号,数量\nA-1,“五”\n".encode("utf-16-le"),
        "\ufeff订单号,数量\nA-1,“五”\n".encode("utf-16-be"),
        "订单号,数量\rA-1,“五”\r".encode(),
        "订单号;数量\nA-1;“五”".encode(),
        "订单号\t数量\nA-1\t“五”\n".encode(),
        '\n"订单号","数量"\n\n"A-1","“五”"\n,\n'.encode(),
        "订单号,数量,\nA-1,“五”\n".encode(),
    ],
)
def test_every_form_of_text_file_gives_the_same_table(content):
    table = read(content)

    assert table.header == ["订单号", "数量"]
    assert [cells[:2] for _row, cells in table.records] == [["A-1", "“五”"]]


def test_utf_16_without_a_mark_is_recognised():
    assert decode("number,quantity\nA-1,5\n".encode("utf-16-le"), ENCODINGS)[0].startswith("number,quantity")


def test_rows_count_as_a_spreadsheet_shows_them():
    table = read(b'a,b\n1,"two\nlines"\n\n3,4\n')

    assert table.records == [(2, ["1", "two\nlines"]), (4, ["3", "4"])]


def test_a_delimiter_inside_quotes_does_not_count():
    assert sniff_delimiter('"a,b,c";d\n') == ";"
    assert sniff_delimiter("number\n1,2,3\n") == ","


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n \n", "empty"),
        (b"number,quantity\n", "no rows"),
        (b"PK\x03\x04rest of a workbook", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old workbook", "old Excel"),
        (b"<html><table><tr><td>number</td></tr></table>", "web page"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"number,quantity\nA-1,\xff\xfe\xff\n", "Row 2"),
        (b'number,quantity\nA-1,5\nA-2,"6\n', "Row 3"),
        (b'number,quantity\nA-1,"5"x\n', "Row 2"),
        (b"a\n" + b"1\n" * 101, "100 rows"),
        (b"a\n" + b"1" * 100_000, "0.1 MB"),
        (b"," * 300 + b"x\n1\n", "columns"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(content, said, settings):
    settings.LANGUAGE_CODE = "en"

    with pytest.raises(FileRefused, match=said):
        read(content)


def test_random_bytes_are_refused():
    with pytest.raises(FileRefused):
        read(bytes(range(256)) * 20)
