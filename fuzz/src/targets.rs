//! All targets.

use crate::target::Target;

/// Declares the modules of the targets, and the table. A target is in both or in neither.
macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// All targets.
        pub const TARGETS: &[Target] = &[$($name::TARGET),*];

        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    command_lines,
    components,
    compositions,
    configuration,
    exposition_reader,
    exposition_text,
    grants,
    guests,
    http_requests,
    otlp_answers,
    programs,
    providers,
    queue,
    records,
    sealed_files,
    statsd_names,
    vectors,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use anyhow::Result;

    use super::{NAMES, TARGETS};

    #[test]
    fn each_file_of_a_target_is_in_the_table() -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/targets");
        let mut files = BTreeSet::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_file() {
                files.extend(path.file_stem().map(|it| it.to_string_lossy().into_owned()));
            }
        }
        assert_eq!(files, NAMES.iter().map(|it| (*it).to_owned()).collect());
        let names: Vec<_> = TARGETS.iter().map(|it| it.name).collect();
        assert_eq!(names, NAMES);
        Ok(())
    }
}
