use anyhow::{Context, Result, ensure};

use super::alert::Alert;
use super::case::{Case, Firing, write_series};
use super::yaml::Yaml;

impl Case {
    pub(super) fn write(&self, yaml: &mut Yaml, alert: &Alert) -> Result<()> {
        let does = match self.firing.is_empty() {
            true => "is silent",
            false => "fires",
        };
        let name = format!("{} {does}: {}", alert.name, self.shows);
        write_series(yaml, &name, &self.series);
        yaml.line(2, "alert_rule_test:");
        yaml.line(3, &format!("- eval_time: {}", self.at));
        yaml.text(4, "alertname", alert.name);
        if !self.firing.is_empty() {
            yaml.line(4, "exp_alerts:");
        }
        for firing in &self.firing {
            firing.write(yaml, alert).with_context(|| name.clone())?;
        }
        Ok(())
    }
}

impl Firing {
    fn write(&self, yaml: &mut Yaml, alert: &Alert) -> Result<()> {
        yaml.line(5, "- exp_labels:");
        yaml.line(7, &format!("severity: {}", alert.severity));
        for (name, text) in &self.labels {
            yaml.text(7, name, text);
        }
        yaml.line(6, "exp_annotations:");
        yaml.text(7, "summary", &self.rendered(alert.summary)?);
        yaml.text(7, "description", &self.rendered(alert.description)?);
        yaml.text(7, "runbook", &alert.runbook());
        Ok(())
    }

    /// Fills the template in, as Prometheus does.
    fn rendered(&self, template: &str) -> Result<String> {
        let mut words = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{ ") {
            let (what, after) = after.split_once(" }}").context("braces without an end")?;
            words.push_str(before);
            match what.strip_prefix("$labels.") {
                Some(label) => {
                    let found = self.labels.iter().find(|(name, _)| name == label);
                    words.push_str(&found.with_context(|| format!("no label {label}"))?.1);
                }
                None => {
                    ensure!(what.starts_with("$value"), "{what} is not understood");
                    words.push_str(self.value);
                }
            }
            rest = after;
        }
        words.push_str(rest);
        Ok(words)
    }
}
