//! Texts that libraries of different languages may read differently.

use crate::languages::expected::Input;

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = Vec::new();
    for text in texts() {
        inputs.push(input(&[], &text));
    }
    let lengths = "\na\na b\na b c\n0 1 2 3 4 5 6 7 8 9\n";
    for max_words in ["0", "2", "002", "10", "999999999"] {
        inputs.push(input(&[max_words], lengths.as_bytes()));
    }
    for args in [
        &[""][..],
        &["x"],
        &["-1"],
        &["+1"],
        &[" 1"],
        &["1 "],
        &["1\n"],
        &["1_0"],
        &["0x1"],
        &["1.0"],
        &["1e3"],
        &["\u{ff11}"],
        &["1234567890"],
        &["--", "1"],
        &["1", "2"],
    ] {
        inputs.push(input(args, b"not read\n"));
    }
    inputs
}

fn input(args: &[&str], text: &[u8]) -> Input {
    Input {
        args: args.iter().map(ToString::to_string).collect(),
        text: text.to_vec(),
    }
}

fn texts() -> Vec<Vec<u8>> {
    vec![
        Vec::new(),
        b"\n".to_vec(),
        b"one".to_vec(),
        b"one two\n\n three\n  four \t five  \r\n\r\nsix".to_vec(),
        b"\n\n\n".to_vec(),
        b"a\x00b \x00\n".to_vec(),
        // The six spaces, and characters that only Unicode or a single library takes for
        // spaces.
        b"a\tb\x0bc\x0cd\re f\n".to_vec(),
        "a\u{1c}b\u{1d}c\u{1e}d\u{1f}e\u{85}f\u{a0}g\u{2003}h\u{2028}i\u{3000}j\u{200b}k\n".into(),
        "\u{feff}\n\u{feff}a b\n \u{feff} \n".into(),
        at_the_edges(),
        not_utf8(),
        // The maximum number of words in a line, and one more.
        ["w ".repeat(1_000), "w ".repeat(1_001)]
            .join("\n")
            .into_bytes(),
        // More records than the capacity of a ring.
        "a b\n".repeat(700).into_bytes(),
        // A line in several pieces, split within its characters.
        format!("{}\nlast", "\u{fc}\u{20ac}\u{1f600} ".repeat(20_000)).into_bytes(),
    ]
}

/// The first and the last characters of each length, and invalid sequences next to them.
fn at_the_edges() -> Vec<u8> {
    let mut text = Vec::new();
    for line in [
        "\u{1} \u{7f}",
        "\u{80} \u{7ff}",
        "\u{800} \u{ffff}",
        "\u{d7ff} \u{e000}",
        "\u{10000} \u{10ffff}",
        "\u{fffd} \u{fffe}",
    ] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
}

fn not_utf8() -> Vec<u8> {
    let mut text = Vec::new();
    for line in [
        // An invalid first byte.
        &b"\x80"[..],
        b"\xbf",
        b"\xf5\x80\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xff",
        // Longer than necessary.
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x80\x80",
        b"\xe0\x9f\xbf",
        b"\xf0\x80\x80\x80",
        b"\xf0\x8f\xbf\xbf",
        // Surrogates of UTF-16: each, and both.
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xed\xa0\xbd\xed\xb8\x80",
        // Beyond Unicode.
        b"\xf4\x90\x80\x80",
        // Truncated by the end of the line and by another character.
        b"\xc3",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
        b"\xc3a",
        b"\xe2\x82 ",
        b"\xf0\x9f\x98\xc3\xbc",
        // A bad sequence in a good line.
        b"good words and then \xff one bad",
        b"\xffbad first",
        b"bad last\xe2",
        b"bad, and more words than one may have if one is given few",
        b"good again",
    ] {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text
}
