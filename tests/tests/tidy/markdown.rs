//! The links and the headings of a Markdown page.

/// The targets of all links and images of a page, outside code.
pub(crate) fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        let line = without_code(line);
        for opening in ["](", "src=\"", "srcset=\"", "href=\""] {
            for rest in line.split(opening).skip(1) {
                let end = rest.find([')', '"', ' ']).unwrap_or(rest.len());
                links.push(rest[..end].to_owned());
            }
        }
        if let Some((_, target)) = line.split_once("]: ")
            && line.starts_with('[')
        {
            links.push(target.trim().to_owned());
        }
    }
    links
}

/// The anchors of a page: one for each heading, as GitHub and mdBook make them.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for line in prose(text) {
        let heading = line.trim_start_matches('#');
        let level = line.len() - heading.len();
        if !(1..=6).contains(&level) || !heading.starts_with(' ') {
            continue;
        }
        let anchor = anchor(heading.trim());
        let again = |it: &String| {
            let number = it.strip_prefix(&anchor).and_then(|it| it.strip_prefix('-'));
            *it == anchor || number.is_some_and(|it| it.parse::<usize>().is_ok())
        };
        match anchors.iter().filter(|it| again(it)).count() {
            0 => anchors.push(anchor),
            before => anchors.push(format!("{anchor}-{before}")),
        }
    }
    anchors
}

/// The anchor of a heading: its letters and digits in lower case, and `-` for a space.
fn anchor(heading: &str) -> String {
    // Of a link, the text counts and not the target.
    let mut text = String::new();
    let mut rest = heading;
    while let Some((before, after)) = rest.split_once("](") {
        text.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text.chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The lines outside fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    })
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

#[test]
fn links_are_found_outside_code() {
    let page = "[a](b.md#c) and `[no](no)` and [`x`](y)\n```sh\n[no](no)\n```\n![i](i.svg)\n\
        <img src=\"j.png\" alt=\"\">\n[ref]: z.md\n";
    assert_eq!(
        links(page),
        ["b.md#c", "y", "i.svg", "j.png", "z.md"].map(str::to_owned)
    );
}

#[test]
fn anchors_are_those_of_the_rendered_page() {
    let page = "# The `x` of [y](z)\n## `[tasks.NAME]`\n## 421 Misdirected Request\n## Same\n\
        ## Same\n```sh\n# no\n```\n#no\n";
    let expected = [
        "the-x-of-y",
        "tasksname",
        "421-misdirected-request",
        "same",
        "same-1",
    ];
    assert_eq!(anchors(page), expected.map(str::to_owned));
}
