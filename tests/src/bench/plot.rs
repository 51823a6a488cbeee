//! `docs/performance.svg`: the records' rows on a logarithmic scale.

use std::fmt::Write;

use super::figure::{count, figure};
use super::{Group, Measured, Run, Unit};

/// Width in pixels. Names are to the left of the scale, figures to its right.
const WIDTH: f64 = 880.0;
const NAMES: f64 = 272.0;
const LEFT: f64 = 16.0;
const FIGURES: f64 = 64.0;

/// Distance between rows, and the additional space of a heading.
const STEP: f64 = 22.0;
const HEADING: f64 = 34.0;

/// Space above the first heading and below the last row.
const TOP: f64 = 62.0;
const BOTTOM: f64 = 48.0;

/// Styles without colours.
const STYLE: &str = "\
text { font: 13px ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif }
.title { font-weight: 600; font-size: 15px }
.heading { font-weight: 600 }
.faint { font-size: 12px }
.quartiles { stroke-width: 8; stroke-opacity: 0.35; stroke-linecap: round }
";

/// Colours of each class, for light and dark pages. The image has its own background,
/// since the background of the page around it may differ.
const COLOURS: [(&str, &str, &str, &str); 10] = [
    (".ground", "fill", "#ffffff", "#0d1117"),
    ("text", "fill", "#1f2328", "#f0f6fc"),
    (".faint", "fill", "#59636e", "#9198a1"),
    (".line", "stroke", "#d8dee4", "#30363d"),
    (".baseline", "fill", "#6e7781", "#9198a1"),
    (".ours", "fill", "#0969da", "#4493f8"),
    (".otherwise", "fill", "#bc4c00", "#f0883e"),
    (".quartiles.baseline", "stroke", "#6e7781", "#9198a1"),
    (".quartiles.ours", "stroke", "#0969da", "#4493f8"),
    (".quartiles.otherwise", "stroke", "#bc4c00", "#f0883e"),
];

fn style() -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for (what, property, on_light, on_dark) in COLOURS {
        light += &format!("{what} {{ {property}: {on_light} }}\n");
        dark += &format!("  {what} {{ {property}: {on_dark} }}\n");
    }
    format!("{STYLE}{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n")
}

/// The whole image.
pub(super) fn plot(run: &Run) -> String {
    let rows = run.rows.iter().filter(|row| row.unit == Unit::Record);
    let rows: Vec<_> = rows.collect();
    let scale = Scale::of(&rows);
    let mut body = String::new();
    let mut at = TOP;
    for group in Group::ALL {
        let rows: Vec<_> = rows.iter().filter(|row| row.group == group).collect();
        if rows.is_empty() {
            continue;
        }
        at += HEADING;
        let class = class(group);
        let class = format!("heading {class}");
        body += &text(LEFT, at, "start", &class, group.title());
        for row in rows {
            at += STEP;
            body += &mark(row, &scale, at);
        }
    }
    let height = at + BOTTOM;
    image(&scale, height, &body, &run.machine.date)
}

fn image(scale: &Scale, height: f64, body: &str, date: &str) -> String {
    let title = "CPU time of one record, in nanoseconds, on a logarithmic scale";
    let below = format!("medians; half of all rounds lie within the bars · {date}");
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n",
        style()
    );
    svg += &text(LEFT, 28.0, "start", "title", title);
    svg += &scale.grid(TOP + 8.0, height - BOTTOM + 12.0);
    svg += body;
    svg += &text(LEFT, height - 14.0, "start", "faint", &below);
    svg + "</svg>\n"
}

/// A row: its name, quartiles, median and figure.
fn mark(row: &Measured, scale: &Scale, at: f64) -> String {
    let class = class(row.group);
    let [low, median, high] = [row.ns.low, row.ns.median, row.ns.high].map(|ns| scale.place(ns));
    let middle = at - 4.5;
    let mut svg = text(NAMES - 12.0, at, "end", "", row.name);
    let _ = writeln!(
        svg,
        "<line class=\"quartiles {class}\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{middle:.1}\" \
         y2=\"{middle:.1}\"/><circle class=\"{class}\" cx=\"{median:.1}\" cy=\"{middle:.1}\" \
         r=\"4\"/>"
    );
    svg + &text(high + 12.0, at, "start", "faint", &figure(row.ns.median))
}

/// A logarithmic scale from one power of ten to another.
struct Scale {
    first: i32,
    last: i32,
}

impl Scale {
    fn of(rows: &[&Measured]) -> Self {
        let least = rows.iter().map(|row| row.ns.low).fold(1e9, f64::min);
        let most = rows.iter().map(|row| row.ns.high).fold(1e-9, f64::max);
        let first = least.log10().floor() as i32;
        Self {
            first,
            last: (most.log10().ceil() as i32).max(first + 1),
        }
    }

    fn place(&self, ns: f64) -> f64 {
        let part = (ns.log10() - f64::from(self.first)) / f64::from(self.last - self.first);
        NAMES + part * (WIDTH - NAMES - FIGURES)
    }

    /// Draws a line at each 1, 2 and 5 of a decade, and a figure at each 1.
    fn grid(&self, top: f64, bottom: f64) -> String {
        let mut svg = String::new();
        for power in self.first..=self.last {
            for times in [1.0, 2.0, 5.0] {
                if power == self.last && times > 1.0 {
                    break;
                }
                let at = self.place(times * 10_f64.powi(power));
                let _ = writeln!(
                    svg,
                    "<line class=\"line\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{top}\" y2=\"{bottom}\"{}/>",
                    match times {
                        1.0 => "",
                        _ => " stroke-dasharray=\"2 3\"",
                    }
                );
            }
            let ns = 10_f64.powi(power);
            let name = match power {
                0.. => count(ns as u64),
                _ => ns.to_string(),
            };
            let name = format!("{name} ns");
            svg += &text(self.place(ns), top - 8.0, "middle", "faint", &name);
        }
        svg
    }
}

fn class(group: Group) -> &'static str {
    match group {
        Group::Baseline => "baseline",
        Group::Ours => "ours",
        Group::Otherwise => "otherwise",
    }
}

fn text(x: f64, y: f64, anchor: &str, class: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>\n"
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::bench::example::example;
    use crate::bench::{Result, rows};

    /// Width of a letter in the widest of the fonts.
    const LETTER: f64 = 7.6;
    const BOLD: f64 = 8.6;

    /// Position of each text: left, right, baseline.
    fn positions(svg: &str) -> Vec<(f64, f64, f64, String)> {
        let attribute = |tag: &str, name: &str| -> f64 {
            let found = tag.split(&format!(" {name}=\"")).nth(1);
            let value = found.and_then(|rest| rest.split('"').next());
            value
                .and_then(|value| value.parse().ok())
                .unwrap_or(f64::NAN)
        };
        let texts = svg.lines().filter(|line| line.starts_with("<text"));
        let positions = texts.map(|line| {
            let said = line.split(['>', '<']).nth(2).unwrap_or_default();
            let bold = line.contains("heading") || line.contains("title");
            let width = if bold { BOLD } else { LETTER } * said.chars().count() as f64;
            let (x, y) = (attribute(line, "x"), attribute(line, "y"));
            let left = match line {
                _ if line.contains("\"end\"") => x - width,
                _ if line.contains("\"middle\"") => x - width / 2.0,
                _ => x,
            };
            (left, left + width, y, said.to_owned())
        });
        positions.collect()
    }

    #[test]
    fn no_text_overlaps_another_text_or_the_edge() {
        let positions = positions(&plot(&example()));
        assert!(positions.len() > 20);
        for (number, (left, right, y, said)) in positions.iter().enumerate() {
            assert!(*left >= 0.0 && *right <= WIDTH, "`{said}` crosses the edge");
            for (other_left, other_right, other_y, other) in &positions[number + 1..] {
                let beside = right <= other_left || other_right <= left;
                let apart = (y - other_y).abs() >= 15.0;
                assert!(beside || apart, "`{said}` overlaps `{other}`");
            }
        }
    }

    #[test]
    fn a_row_lies_where_the_scale_says() {
        let run = example();
        let rows: Vec<_> = run.rows.iter().collect();
        let scale = Scale::of(&rows);
        let (left, right) = (NAMES, WIDTH - FIGURES);
        let ends = [scale.first, scale.last].map(|power| scale.place(10_f64.powi(power)));
        assert_eq!(ends, [left, right]);
        let decade = scale.place(20.0) - scale.place(2.0);
        assert!((scale.place(500.0) - scale.place(50.0) - decade).abs() < 1e-9);
    }

    #[test]
    fn the_plot_is_well_formed_and_self_contained() {
        let svg = plot(&example());
        let elements = svg.matches('<').count() - svg.matches("</").count();
        let closed = svg.matches("</").count() + svg.matches("/>").count();
        assert_eq!(elements, closed);
        let outside = svg.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for link in ["http", "href", "url(", "@import"] {
            assert!(!outside.contains(link), "{link}");
        }
        assert!(svg.contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn the_stored_plot_has_each_row_of_the_code() -> Result<()> {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let svg = fs::read_to_string(docs.join("performance.svg"))?;
        for row in rows(1, 1, 1)? {
            if row.unit == Unit::Record {
                let name = format!(">{}</text>", row.name);
                assert!(svg.contains(&name), "no {name}: run `make bench`");
            }
        }
        Ok(())
    }
}
