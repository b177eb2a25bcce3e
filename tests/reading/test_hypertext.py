import pytest

from faultdesk.reading.hypertext import text_of


def test_rows_of_a_table_stay_rows() -> None:
    html = "<table><tr><td><p>客户</p></td><td><p>海天大厦</p></td></tr><tr><td>故障</td><td>门禁</td></tr></table>"

    assert text_of(html) == "客户\t海天大厦\n故障\t门禁"


def test_layout_table_does_not_mix_the_sentences_of_its_columns() -> None:
    html = "<table><tr><td>门坏了。<br>请来人。</td><td>公司广告</td></tr></table>"

    assert text_of(html) == "门坏了。\n请来人。\n公司广告"


def test_table_in_a_table_is_read_in_order() -> None:
    html = "<table><tr><td>a<table><tr><td>1</td><td>2</td></tr></table>b</td></tr></table>c"

    assert text_of(html) == "a\n1\t2\nb\nc"


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">x</div>',
        "<p hidden>x</p>",
        '<span style="FONT-SIZE: 0px; color:red">x</span>',
        "<style>x</style>",
        "<script>x</script>",
        "<title>x</title>",
        "<!-- x -->",
        '<div style="display : none"><p>x<b>x</b></p></div>',
    ],
)
def test_what_nobody_sees_is_dropped(hidden: str) -> None:
    assert text_of(f"<body>a{hidden}b</body>").replace("\n", "") == "ab"


def test_paragraphs_and_breaks_are_lines() -> None:
    assert text_of("<p>a\n b</p><p>&nbsp;</p><div>c<br>d</div><div><br></div><ul><li>e<li>f</ul>") == (
        "a b\n\nc\nd\n\n- e\n- f"
    )


def test_preformatted_text_keeps_its_lines() -> None:
    assert text_of("<pre>a\n  b</pre>c") == "a\n  b\nc"


def test_cited_block_is_marked_and_an_indented_one_is_not() -> None:
    assert text_of('a<blockquote type="cite">b<br>c</blockquote>d') == "a\n> b\n> c\nd"
    assert text_of("a<blockquote>b</blockquote>c") == "a\nb\nc"


def test_embedded_picture_does_not_use_up_the_limit() -> None:
    html = f'<p>a</p><img src="data:image/png;base64,{"A" * 2_000_000}"><p>b</p>'

    assert text_of(html) == "a\nb"


@pytest.mark.parametrize(
    "html", ["<div>" * 100_000, "<table><tr><td>" * 10_000, "<b><i>" * 20_000, "<div></p>" * 50_000]
)
def test_absurdly_deep_html_still_gives_its_text(html: str) -> None:
    assert text_of(html + "x").strip() == "x"


def test_wide_cell_beside_many_rows_costs_no_padding() -> None:
    html = f"<table><tr><td>{'x' * 100_000}</td></tr>{'<tr><td>a</td><td>b</td></tr>' * 1_000}</table>"

    assert len(text_of(html)) < 110_000


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://pay.example/x">click here</a>', "click here <https://pay.example/x>"),
        ('<a href="https://evil.example/">www.bank.example</a>', "www.bank.example <https://evil.example/>"),
        ('<a href="https://www.bank.example/">bank.example</a>', "bank.example"),
        ('<a href="mailto:w@x.example">王</a>', "王"),
        ('<a href="https://x.example"><img src="logo.png"></a>door', "door"),
        ('<a href="javascript:alert(1)">door</a>', "door"),
    ],
)
def test_links_say_where_they_lead(html: str, text: str) -> None:
    assert text_of(f"<p>{html}</p>") == text


def test_not_more_links_are_shown_than_anybody_reads() -> None:
    assert text_of('<a href="https://x.example/1">a</a>' * 6_000).count("<https://") == 5_000


@pytest.mark.parametrize(
    "hidden",
    [
        '<span style="color:#FFFFFF">secret</span>',
        '<font color="white">secret</font>',
        '<td bgcolor="#ffffff"><span style="color: rgb(255, 255, 255)">secret</span></td>',
        '<div style="font-size:0px">secret</div>',
        '<div style="opacity:0">secret</div>',
        '<div style="max-height:0;overflow:hidden">secret</div>',
        '<div style="overflow: hidden; height: 0px">secret</div>',
        '<div style="font-size:0"><b style="font-size:1em">secret</b></div>',
        '<div style="visibility: hidden"><p><a href="https://x.example/">secret</a></p></div>',
        '<div style="visibility:visible"><p style="visibility:hidden">secret</p></div>',
    ],
)
def test_what_nobody_sees_is_not_read(hidden: str) -> None:
    assert text_of(f"<table><tr>{hidden}</tr></table><p>door</p>").strip() == "door"


@pytest.mark.parametrize(
    "shown",
    [
        '<td bgcolor="#003366"><font color="#ffffff">title</font></td>',
        '<td style="background:navy"><b style="color:white">title</b></td>',
        '<td style="color:#fff8dc">title</td>',
        '<td style="background-color:white">title</td>',
        '<td style="line-height:0.9">title</td>',
    ],
)
def test_white_text_on_a_colour_is_read(shown: str) -> None:
    assert text_of(f"<table><tr>{shown}</tr></table>") == "title"


@pytest.mark.parametrize(
    "shown",
    [
        '<div style="overflow: hidden"><p>title</p></div>',
        '<div style="overflow:hidden; max-height:90px">title</div>',
        '<div class="is hidden">title</div>',
        '<table><tr style="height:0pt"><td>title</td></tr></table>',
        '<table><tr><td style="height:0px; overflow:hidden">title</td></tr></table>',
        '<div style="height:0; padding-top:10px">title</div>',
        '<div style="font-size:0px"><div style="font-size:14px">title</div></div>',
        '<div style="font-size:0"><span style="font:bold 14px/1 Arial">title</span></div>',
        '<div style="font-size:0"><table><tr><td>title</td></tr></table></div>',
        '<div style="font-size:0"><b style="font-size:small">title</b></div>',
        '<div style="font-size:0.9em">title</div>',
        '<div style="visibility:hidden"><p style="visibility:visible">title</p></div>',
    ],
)
def test_what_can_be_seen_is_read(shown: str) -> None:
    assert text_of(f"{shown}<p>door</p>") == "title\ndoor"


def test_what_follows_an_element_of_no_size_is_read() -> None:
    html = '<td style="font-size:0px"><div style="font-size:14px">gate</div>x</td><td>door</td>'

    assert text_of(f"<table><tr>{html}</tr></table>") == "gate\tdoor"


@pytest.mark.parametrize(
    "rule",
    [
        ".x { display : none }",
        "<!-- div.x{DISPLAY:none !important} -->",
        ".y, .x{visibility:hidden}",
        "body div.x{font-size:0}",
        "#i{mso-hide:all}",
        ".x{max-height:0;overflow:hidden}",
        ".x{display:none!important} .x{display:block}",
    ],
)
def test_what_the_pages_own_style_sheet_hides_is_not_read(rule: str) -> None:
    html = f"<head><style>p{{margin:0}} {rule}</style></head><body><div class=x id=i>secret</div><p>door</p>"

    assert text_of(html).strip() == "door"


@pytest.mark.parametrize(
    "rule",
    [
        "@media (max-width: 600px) { .x { display: none } }",
        ".x:hover{display:none}",
        ".x{display:none} .x{display:block}",
        ".x{display:block} .x{display:none}",
        "body .x{display:block} .x{display:none}",
        ".x{font-size:0} div{font:14px Arial}",
        ".x{display:block;display:none foo}",
        ".x{display:none} div.x{display:table !important}",
        ".xx{display:none}",
        ".x{color:white}",
        ".x{line-height:0}",
        "..{display:none} !!{display:none}",
    ],
)
def test_what_a_style_sheet_hides_elsewhere_or_takes_back_is_read(rule: str) -> None:
    assert "title" in text_of(f"<style>{rule}</style><div class=x>title</div>")


@pytest.mark.parametrize("media", ["print", "only screen and (max-width:600px)", "handheld"])
def test_a_sheet_for_another_medium_hides_nothing(media: str) -> None:
    assert "title" in text_of(f'<style media="{media}">.x{{display:none}}</style><div class=x>title</div>')


def test_an_elements_own_style_is_stronger_than_the_sheets() -> None:
    html = "<style>.x{display:none}</style><div class=x style='color:red; Display:block'>title</div>"

    assert "title" in text_of(html)


def test_a_sheet_of_a_thousand_rules_hides_what_its_first_ones_say() -> None:
    rules = "".join(f".c{number}{{display:none}}" for number in range(1000))
    elements = "".join(f"<div class=c{number}>t{number}</div>" for number in range(1000))

    text = text_of(f"<style>{rules}</style>{elements}")

    assert "t50\n" not in text
    assert "t999" in text


@pytest.mark.parametrize("nested", ["(", "{", "()", "[]"])
def test_a_sheet_of_a_thousand_brackets_hides_nothing(nested: str) -> None:
    deep = f"{nested[0] * 20_000}{nested[1:] * 20_000}"

    assert "title" in text_of(f"<style>.x{{display:none;height:{deep}}}</style><div class=x>title</div>")
