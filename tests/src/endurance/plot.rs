use std::fmt::Write;

use super::soak::Soak;

/// Width in pixels. Figures are to the left of the plot, names to its right.
const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 44.0;

/// Maximum number of points of a line.
const POINTS: usize = 360;

const STYLE: &str = "\
text { font: 13px ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.faint { font-size: 12px; fill: #59636e }
.ground { fill: #ffffff }
.grid { stroke: #d8dee4 }
.resident { stroke: #0969da; fill: none; stroke-width: 2 }
.anonymous { stroke: #bc4c00; fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .faint { fill: #9198a1 }
  .ground { fill: #0d1117 }
  .grid { stroke: #30363d }
  .resident { stroke: #4493f8 }
  .anonymous { stroke: #f0883e }
}
";

/// `docs/reliability.svg`: memory over time.
pub(super) fn plot(soak: &Soak) -> String {
    let title = "Memory of a serve that is left running, MiB over minutes";
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\"/>\n"
    );
    svg += &text(16.0, 28.0, "start", "title", title);
    let each = (soak.looks.len() / POINTS).max(1);
    let points = |of: fn(&super::Look) -> f64| -> Vec<(f64, f64)> {
        let looks = soak.looks.iter().step_by(each);
        let point = |look: &super::Look| (look.at.as_secs_f64() / 60.0, of(look) / 1024.0);
        looks.map(point).collect()
    };
    let lines = [
        ("resident", points(|look| look.resident_kib)),
        ("anonymous", points(|look| look.anonymous_kib)),
    ];
    let all = || lines.iter().flat_map(|(_, points)| points);
    let scale = Scale {
        minutes: step(all().map(|point| point.0).fold(1.0, f64::max), 5.0),
        mib: step(all().map(|point| point.1).fold(1.0, f64::max), 10.0),
    };
    svg += &scale.grid();
    for (class, points) in &lines {
        let positions = points.iter().map(|&(minutes, mib)| {
            let (x, y) = (scale.x(minutes), scale.y(mib));
            format!("{x:.1},{y:.1}")
        });
        let positions = positions.collect::<Vec<_>>().join(" ");
        let _ = writeln!(svg, "<polyline class=\"{class}\" points=\"{positions}\"/>");
        if let Some((minutes, mib)) = points.last() {
            let (x, y) = (scale.x(*minutes) + 8.0, scale.y(*mib) + 4.0);
            svg += &text(x, y, "start", "", class);
        }
    }
    svg + "</svg>\n"
}

/// Rounds up to the next multiple.
fn step(most: f64, of: f64) -> f64 {
    (most / of).ceil() * of
}

struct Scale {
    minutes: f64,
    mib: f64,
}

impl Scale {
    fn x(&self, minutes: f64) -> f64 {
        LEFT + minutes / self.minutes * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, mib: f64) -> f64 {
        HEIGHT - BOTTOM - mib / self.mib * (HEIGHT - TOP - BOTTOM)
    }

    fn grid(&self) -> String {
        let mut svg = String::new();
        let (right, bottom) = (self.x(self.minutes), self.y(0.0));
        for mib in multiples(self.mib, 10.0) {
            let y = self.y(mib);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            );
            svg += &text(LEFT - 8.0, y + 4.0, "end", "faint", &mib.to_string());
        }
        for minutes in multiples(self.minutes, 5.0) {
            let at = self.x(minutes);
            svg += &text(at, bottom + 18.0, "middle", "faint", &minutes.to_string());
        }
        svg
    }
}

fn multiples(most: f64, of: f64) -> impl Iterator<Item = f64> {
    (0..=(most / of) as u32).map(move |times| f64::from(times) * of)
}

fn text(x: f64, y: f64, anchor: &str, class: &str, text: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endurance::example::example;

    #[test]
    fn the_plot_is_well_formed_and_self_contained() {
        let svg = plot(&example(0.0, 0.0));
        let elements = svg.matches('<').count() - svg.matches("</").count();
        let closed = svg.matches("</").count() + svg.matches("/>").count();
        assert_eq!(elements, closed);
        let outside = svg.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        assert!(!outside.contains("http") && !svg.contains("NaN"));
    }

    #[test]
    fn a_point_lies_where_the_scale_says() {
        let scale = Scale {
            minutes: 30.0,
            mib: 60.0,
        };
        assert_eq!([scale.x(0.0), scale.x(30.0)], [LEFT, WIDTH - RIGHT]);
        assert_eq!([scale.y(0.0), scale.y(60.0)], [HEIGHT - BOTTOM, TOP]);
    }
}
