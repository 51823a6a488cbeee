//! A panel, built step by step.

use serde_json::{Value, json};

pub(super) struct Panel {
    value: Value,
    width: u32,
    height: u32,
}

/// A panel of values over time, as lines or stacked areas.
pub(super) fn lines(title: &str, description: &str) -> Panel {
    let mut panel = Panel::new("timeseries", title, description);
    panel.custom(json!({
        "drawStyle": "line",
        "fillOpacity": 10,
        "lineWidth": 1,
        "showPoints": "never",
        "spanNulls": false
    }));
    panel.value["options"] = json!({
        "legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": true},
        "tooltip": {"mode": "multi", "sort": "desc"}
    });
    panel
}

/// A panel of one number, green unless `thresholds` say otherwise.
pub(super) fn number(title: &str, description: &str) -> Panel {
    let mut panel = Panel::new("stat", title, description);
    panel.value["options"] = json!({
        "colorMode": "background",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": false},
        "showPercentChange": false,
        "textMode": "value",
        "wideLayout": true
    });
    panel.of_size(4, 4)
}

/// A panel of states over time, one line for each series.
pub(super) fn states(title: &str, description: &str) -> Panel {
    let mut panel = Panel::new("state-timeline", title, description);
    panel.custom(json!({"fillOpacity": 80, "lineWidth": 0}));
    panel.value["options"] = json!({
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": true},
        "mergeValues": true,
        "rowHeight": 0.8,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"}
    });
    panel
}

/// A panel of the buckets of a histogram over time.
pub(super) fn heatmap(title: &str, description: &str, unit: &str) -> Panel {
    let mut panel = Panel::new("heatmap", title, description);
    panel.value["options"] = json!({
        "calculate": false,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Turbo", "steps": 64, "exponent": 0.5, "fill": "dark-orange", "scale": "exponential", "reverse": false},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": true},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": true, "showColorScale": true},
        "yAxis": {"axisPlacement": "left", "reverse": false, "unit": unit}
    });
    panel
}

/// A panel of current labels, without a time axis.
pub(super) fn table(title: &str, description: &str) -> Panel {
    let mut panel = Panel::new("table", title, description);
    panel.custom(json!({"align": "auto", "inspect": false}));
    panel.value["options"] = json!({"cellHeight": "sm", "frameIndex": 0, "showHeader": true});
    panel.value["transformations"] = json!([
        {"id": "organize", "options": {"excludeByName": {"Time": true, "Value": true}}}
    ]);
    panel
}

impl Panel {
    fn new(kind: &str, title: &str, description: &str) -> Self {
        let value = json!({
            "datasource": datasource(),
            "description": description,
            "fieldConfig": {
                "defaults": {
                    "color": {"mode": "palette-classic"},
                    "custom": {},
                    "mappings": [],
                    "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": null}]},
                    "unit": "short"
                },
                "overrides": []
            },
            "targets": [],
            "title": title,
            "type": kind
        });
        Self {
            value,
            width: 12,
            height: 8,
        }
    }

    pub(super) fn of_size(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// Unit of the values, as a unit name of Grafana.
    pub(super) fn unit(mut self, unit: &str) -> Self {
        self.defaults()["unit"] = json!(unit);
        self
    }

    /// Lower end of the axis and, if set, its upper end.
    pub(super) fn axis(mut self, from: f64, to: Option<f64>) -> Self {
        self.defaults()["min"] = json!(from);
        if let Some(to) = to {
            self.defaults()["max"] = json!(to);
        }
        self
    }

    /// Adds the results of an expression over time.
    pub(super) fn shows(self, legend: &str, expression: impl Into<String>) -> Self {
        self.asks(
            json!({"legendFormat": legend, "range": true}),
            expression.into(),
        )
    }

    /// Adds the current result of an expression.
    pub(super) fn shows_now(self, legend: &str, expression: impl Into<String>) -> Self {
        self.asks(
            json!({"legendFormat": legend, "instant": true}),
            expression.into(),
        )
    }

    /// Adds the buckets of a histogram.
    pub(super) fn shows_buckets(self, expression: impl Into<String>) -> Self {
        let format = json!({"legendFormat": "{{le}}", "range": true, "format": "heatmap"});
        self.asks(format, expression.into())
    }

    /// Adds a line for each set of labels.
    pub(super) fn lists(self, expression: impl Into<String>) -> Self {
        self.asks(
            json!({"instant": true, "format": "table"}),
            expression.into(),
        )
    }

    fn asks(mut self, mut target: Value, expression: String) -> Self {
        if let Some(targets) = self.value["targets"].as_array_mut() {
            target["datasource"] = datasource();
            target["editorMode"] = json!("code");
            target["expr"] = json!(expression);
            target["refId"] = json!(char::from(b'A' + u8::try_from(targets.len()).unwrap_or(25)));
            targets.push(target);
        }
        self
    }

    /// Colours of ranges. Each colour holds from its value upwards.
    pub(super) fn thresholds(mut self, first: &str, others: &[(f64, &str)]) -> Self {
        let mut steps = vec![json!({"color": first, "value": null})];
        for (value, colour) in others {
            steps.push(json!({"color": colour, "value": value}));
        }
        self.defaults()["thresholds"]["steps"] = json!(steps);
        self.defaults()["color"]["mode"] = json!("thresholds");
        self
    }

    /// Draws a line at a critical value. The series keep their own colours.
    pub(super) fn limit(mut self, at: f64) -> Self {
        self.defaults()["thresholds"]["steps"] =
            json!([{"color": "transparent", "value": null}, {"color": "red", "value": at}]);
        self.defaults()["custom"]["thresholdsStyle"] = json!({"mode": "dashed"});
        self
    }

    pub(super) fn stacked(mut self) -> Self {
        self.defaults()["custom"]["stacking"] = json!({"group": "A", "mode": "normal"});
        self.defaults()["custom"]["fillOpacity"] = json!(40);
        self
    }

    /// Draws bars, for series that are present or absent.
    pub(super) fn in_bars(mut self) -> Self {
        self.defaults()["custom"]["drawStyle"] = json!("bars");
        self.defaults()["custom"]["fillOpacity"] = json!(60);
        self
    }

    /// Colours of named series, equal in each panel.
    pub(super) fn coloured(
        mut self,
        colours: impl IntoIterator<Item = (String, &'static str)>,
    ) -> Self {
        if let Some(overrides) = self.value["fieldConfig"]["overrides"].as_array_mut() {
            for (name, colour) in colours {
                overrides.push(json!({
                    "matcher": {"id": "byName", "options": name},
                    "properties": [
                        {"id": "color", "value": {"fixedColor": colour, "mode": "fixed"}}
                    ]
                }));
            }
        }
        self
    }

    /// Values with a meaning: number, words and colour.
    pub(super) fn words(
        mut self,
        words: impl IntoIterator<Item = (usize, &'static str, &'static str)>,
    ) -> Self {
        let mut options = json!({});
        for (index, (value, text, colour)) in words.into_iter().enumerate() {
            options[value.to_string()] = json!({"color": colour, "index": index, "text": text});
        }
        self.defaults()["mappings"] = json!([{"options": options, "type": "value"}]);
        self
    }

    fn defaults(&mut self) -> &mut Value {
        &mut self.value["fieldConfig"]["defaults"]
    }

    fn custom(&mut self, custom: Value) {
        self.defaults()["custom"] = custom;
    }

    pub(super) fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    pub(super) fn into_value(mut self, id: usize, place: Value) -> Value {
        self.value["id"] = json!(id);
        self.value["gridPos"] = place;
        self.value
    }
}

pub(super) fn datasource() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}
