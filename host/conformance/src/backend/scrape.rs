//! Scrapes, and the comparison with the expected samples.

use super::session::VectorSession;
use super::vector_end::VectorEnd;
use crate::check::Fault;
use crate::error::Error;
use crate::exposition::ParsedExposition;
use crate::sums::{self, Difference};
use crate::vector::ExpectedSample;

/// Maximum number of differences in a fault.
const SHOWN: usize = 3;

impl VectorSession<'_> {
    pub(super) async fn expose(
        &mut self,
        expect: Option<&[ExpectedSample]>,
    ) -> Result<(), VectorEnd> {
        let text = match self.instance.expose().await {
            Ok(text) => text,
            Err(stop) => {
                let when = format!("in scrape {}", self.scrapes + 1);
                return Err(VectorEnd::stopped(stop, &when));
            }
        };
        self.scrapes += 1;
        let Some(expect) = expect else {
            return Ok(());
        };
        self.texts += 1;
        let parsed = text.and_then(|text| {
            ParsedExposition::parse(&text).map_err(|malformed| malformed.to_string())
        });
        let found = match parsed {
            Ok(found) => found,
            Err(malformed) => {
                self.malformed.get_or_insert(malformed);
                return Ok(());
            }
        };
        let sampled = self.instance.status().sampled;
        if !self.rules.adds_up || sampled > 0 {
            return Ok(());
        }
        match self.differences(&found, expect)?.as_slice() {
            [] => Ok(()),
            differences => Err(VectorEnd::Wrong(unequal(differences))),
        }
    }

    fn differences(
        &mut self,
        found: &ParsedExposition,
        expect: &[ExpectedSample],
    ) -> Result<Vec<Difference>, Error> {
        let contract = sums::has_contract(found);
        if contract {
            let since = self.since.compare(found)?;
            let continues = match &self.ever {
                Some(ever) if !since.is_empty() => ever.compare(found)?.is_empty(),
                _ => false,
            };
            if continues {
                self.notes
                    .push("counts continue from before the restart".into());
                return Ok(Vec::new());
            }
            if !since.is_empty() {
                return Ok(since);
            }
        } else {
            self.notes
                .push("the provider has metrics of its own, which are not compared".into());
        }
        if !self.as_written {
            return Ok(Vec::new());
        }
        Ok(sums::compare(found, expect, contract))
    }
}

fn unequal(differences: &[Difference]) -> Fault {
    let shown = &differences[..differences.len().min(SHOWN)];
    let lines = |of: fn(&Difference) -> &String| {
        let lines: Vec<_> = shown.iter().map(|it| of(it).as_str()).collect();
        lines.join("\n")
    };
    let mut seen = lines(|it| &it.seen);
    if differences.len() > SHOWN {
        seen.push_str(&format!(
            "\n{} more samples differ",
            differences.len() - SHOWN
        ));
    }
    let mut metrics: Vec<_> = shown.iter().map(|it| format!("`{}`", it.metric)).collect();
    metrics.dedup();
    let fix = format!(
        "count each record with its labels in {}; docs/reference/metrics.md describes the metrics",
        metrics.join(", ")
    );
    Fault::new(lines(|it| &it.expected), seen, fix)
}
