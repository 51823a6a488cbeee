//! A scrape, and what is expected of it.

use super::ended::Ended;
use super::session::Session;
use crate::check::Fault;
use crate::error::Error;
use crate::exposition::Exposition;
use crate::sums::{self, Difference};
use crate::vector::Expected;

/// So many differences are shown.
const SHOWN: usize = 3;

impl Session<'_> {
    pub(super) async fn expose(&mut self, expect: Option<&[Expected]>) -> Result<(), Ended> {
        let text = match self.instance.expose().await {
            Ok(text) => text,
            Err(stop) => {
                let when = format!("in scrape {}", self.scrapes + 1);
                return Err(Ended::stopped(stop, &when));
            }
        };
        self.scrapes += 1;
        let Some(expect) = expect else {
            return Ok(());
        };
        self.texts += 1;
        let parsed = text
            .and_then(|text| Exposition::parse(&text).map_err(|malformed| malformed.to_string()));
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
            differences => Err(Ended::Wrong(unequal(differences))),
        }
    }

    fn differences(
        &mut self,
        found: &Exposition,
        expect: &[Expected],
    ) -> Result<Vec<Difference>, Error> {
        let contract = sums::has_contract(found);
        if contract {
            let since = self.since.compare(found)?;
            let kept = match &self.ever {
                Some(ever) if !since.is_empty() => ever.compare(found)?.is_empty(),
                _ => false,
            };
            if kept {
                self.notes.push("it goes on from what it kept".into());
                return Ok(Vec::new());
            }
            if !since.is_empty() {
                return Ok(since);
            }
        } else {
            self.notes
                .push("its metrics are its own, and not added up".into());
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
        seen.push_str(&format!("\nand {} more differ", differences.len() - SHOWN));
    }
    Fault::new(
        lines(|it| &it.expected),
        seen,
        "add each record up under the labels that it comes with, as wit/backend.wit says",
    )
}
