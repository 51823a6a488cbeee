//! Positions of panels on Grafana's 24 columns, from left to right under the heading of
//! their row. Each line is as high as its highest panel.

use serde_json::{Value, json};

use super::panel::Panel;

const COLUMNS: u32 = 24;

/// A heading and its panels.
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) panels: Vec<Panel>,
}

/// All panels with their positions and numbers.
pub(super) fn laid_out(rows: impl IntoIterator<Item = Row>) -> Vec<Value> {
    let (mut laid, mut y) = (Vec::new(), 0);
    for row in rows {
        let id = laid.len() + 1;
        laid.push(json!({
            "collapsed": false,
            "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": y},
            "id": id,
            "panels": [],
            "title": row.title,
            "type": "row"
        }));
        y += 1;
        let (mut x, mut height) = (0, 0);
        for panel in row.panels {
            let (width, high) = panel.size();
            if x + width > COLUMNS {
                (x, y, height) = (0, y + height, 0);
            }
            let place = json!({"h": high, "w": width, "x": x, "y": y});
            laid.push(panel.into_value(laid.len() + 1, place));
            (x, height) = (x + width, height.max(high));
        }
        y += height;
    }
    laid
}
