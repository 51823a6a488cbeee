use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use solti_metrics_host::read_file;

use super::vector::Vector;

/// Bytes that the file of a vector may have. Those that are built in have 2 KB.
const LARGEST: u64 = 1 << 20;

/// How many vectors a folder may have.
const MOST_FILES: usize = 1_000;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("vectors/", $name, ".json")))),*]
    };
}

/// Those that are built in: all of `conformance/vectors/`.
const EMBEDDED: [(&str, &str); 12] = embedded![
    "any-order",
    "bucket-bounds",
    "every-label",
    "extreme-durations",
    "flush-twice",
    "many-records",
    "memory-of-records",
    "memory-of-scrapes",
    "nothing-recorded",
    "restart",
    "scrape-twice",
    "takes-records",
];

/// The vectors of a folder, or those that are built in, each behind the one that it
/// comes after.
pub(super) fn vectors(folder: Option<&Path>) -> anyhow::Result<Vec<Vector>> {
    let all = match folder {
        Some(folder) => of_folder(folder)
            .with_context(|| format!("cannot read the vectors in {}", folder.display()))?,
        None => EMBEDDED
            .iter()
            .map(|(name, text)| read(name, text))
            .collect::<anyhow::Result<_>>()?,
    };
    in_order(all)
}

fn of_folder(folder: &Path) -> anyhow::Result<Vec<Vector>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    files.sort();
    ensure!(!files.is_empty(), "there is no file *.json");
    ensure!(
        files.len() <= MOST_FILES,
        "there are {} files *.json, and the limit is {MOST_FILES}",
        files.len()
    );
    let read = files.iter().map(|file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let text = read_file(file, LARGEST).map_err(anyhow::Error::from);
        let text = text.and_then(|text| Ok(String::from_utf8(text)?));
        read(&name, &text.with_context(|| format!("{name}.json"))?)
    });
    read.collect()
}

fn read(name: &str, text: &str) -> anyhow::Result<Vector> {
    Vector::read(name, text).with_context(|| format!("{name}.json"))
}

fn in_order(mut left: Vec<Vector>) -> anyhow::Result<Vec<Vector>> {
    let mut ordered: Vec<Vector> = Vec::new();
    while !left.is_empty() {
        let (ready, waiting) = left.into_iter().partition::<Vec<_>, _>(|vector| {
            let after = vector.after.as_deref();
            after.is_none_or(|after| ordered.iter().any(|other| other.name == after))
        });
        if ready.is_empty() {
            let first = waiting.first().map_or("", |vector| &vector.name);
            bail!(
                "{first}.json comes after a vector that is not there, or that comes after it itself"
            );
        }
        ordered.extend(ready);
        left = waiting;
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_stands_behind_the_one_that_it_comes_after() -> anyhow::Result<()> {
        let names: Vec<_> = vectors(None)?.into_iter().map(|it| it.name).collect();
        assert_eq!(names.first().map(String::as_str), Some("takes-records"));
        assert_eq!(names.len(), EMBEDDED.len());
        Ok(())
    }

    #[test]
    fn vectors_that_wait_for_each_other_are_refused() -> anyhow::Result<()> {
        let text =
            |after| format!(r#"{{"description":"","after":"{after}","steps":[{{"do":"flush"}}]}}"#);
        let circle = vec![read("a", &text("b"))?, read("b", &text("a"))?];
        assert!(in_order(circle).is_err());
        Ok(())
    }
}
