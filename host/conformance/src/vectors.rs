//! Sets of test vectors: the built-in one, and folders.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use solti_metrics_host::file::read_file;

use crate::vector::Vector;
use crate::vector_error::{VectorError, VectorsError};

/// Maximum size of the file of a vector, in bytes. The built-in vectors have about 2 KB.
const LARGEST: u64 = 1 << 20;

/// Maximum number of vectors in a folder.
const MOST_FILES: usize = 1_000;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../vectors/", $name, ".json")))),*]
    };
}

/// The built-in vectors: all files of `vectors/`.
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

/// Test vectors: records for a provider or a middleware, and the expected exposition. A
/// vector follows the vector in its field `after`. `docs/reference/conformance.md`
/// describes the files. Clones share the vectors.
#[derive(Debug, Clone)]
pub struct Vectors(Arc<[Vector]>);

impl Vectors {
    /// The built-in vectors.
    ///
    /// # Errors
    ///
    /// If this crate was built with an invalid vector.
    pub fn built_in() -> Result<Self, VectorsError> {
        let read = EMBEDDED.iter().map(|(name, text)| {
            Vector::read(name, text).map_err(|source| VectorsError::BuiltIn { name, source })
        });
        in_order(read.collect::<Result<_, _>>()?)
    }

    /// The vectors of a folder: every file `*.json` in it, at most 1,000 files with at most
    /// 1 MiB each.
    ///
    /// # Errors
    ///
    /// If the folder or a file cannot be read, a file is not a vector, or vectors follow
    /// each other in a circle.
    pub fn in_folder(folder: impl AsRef<Path>) -> Result<Self, VectorsError> {
        let folder = folder.as_ref();
        let files = files(folder).map_err(|source| VectorsError::Folder {
            folder: folder.into(),
            source,
        })?;
        if files.is_empty() {
            let folder = folder.into();
            return Err(VectorsError::Empty { folder });
        }
        if files.len() > MOST_FILES {
            return Err(VectorsError::TooMany {
                folder: folder.into(),
                files: files.len(),
                limit: MOST_FILES,
            });
        }
        let read = files.iter().map(|file| {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            of_file(&name, file).map_err(|source| VectorsError::File {
                folder: folder.into(),
                name: name.into_owned(),
                source,
            })
        });
        in_order(read.collect::<Result<_, _>>()?)
    }

    /// The given vectors, or the built-in vectors.
    pub(crate) fn or_built_in(given: Option<&Self>) -> Result<Self, VectorsError> {
        given.map_or_else(Self::built_in, |vectors| Ok(vectors.clone()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Vector> {
        self.0.iter()
    }
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn of_file(name: &str, file: &Path) -> Result<Vector, VectorError> {
    let text = String::from_utf8(read_file(file, LARGEST)?)?;
    Vector::read(name, &text)
}

fn in_order(mut left: Vec<Vector>) -> Result<Vectors, VectorsError> {
    let mut ordered: Vec<Vector> = Vec::new();
    while !left.is_empty() {
        let (ready, waiting) = left.into_iter().partition::<Vec<_>, _>(|vector| {
            let after = vector.after.as_deref();
            after.is_none_or(|after| ordered.iter().any(|other| other.name == after))
        });
        if ready.is_empty() {
            let first = waiting.first().map_or("", |vector| &vector.name);
            let name = first.to_owned();
            return Err(VectorsError::Order { name });
        }
        ordered.extend(ready);
        left = waiting;
    }
    Ok(Vectors(ordered.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_follows_the_vector_in_after() -> Result<(), VectorsError> {
        let vectors = Vectors::built_in()?;
        let names: Vec<_> = vectors.iter().map(|it| &*it.name).collect();
        assert_eq!(names.first(), Some(&"takes-records"));
        assert_eq!(names.len(), EMBEDDED.len());
        Ok(())
    }

    #[test]
    fn every_vector_of_the_folder_is_built_in() -> Result<(), VectorsError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
        let (all, built_in) = (Vectors::in_folder(folder)?, Vectors::built_in()?);
        let names =
            |vectors: &Vectors| -> Vec<_> { vectors.iter().map(|it| it.name.clone()).collect() };
        assert_eq!(names(&all), names(&built_in));
        Ok(())
    }

    #[test]
    fn vectors_that_follow_each_other_are_rejected() -> Result<(), VectorError> {
        let text =
            |after| format!(r#"{{"description":"","after":"{after}","steps":[{{"do":"flush"}}]}}"#);
        let circle = vec![
            Vector::read("a", &text("b"))?,
            Vector::read("b", &text("a"))?,
        ];
        assert!(in_order(circle).is_err());
        Ok(())
    }
}
