use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, bail};

use crate::args::WitArgs;
use crate::exit::{Exit, print};

/// The package, as it was when this binary was built.
const FILES: [(&str, &str); 7] = [
    ("types.wit", include_str!("wit/types.wit")),
    ("backend.wit", include_str!("wit/backend.wit")),
    ("world.wit", include_str!("wit/world.wit")),
    ("batch.wit", include_str!("wit/batch.wit")),
    ("lifecycle.wit", include_str!("wit/lifecycle.wit")),
    ("exposition.wit", include_str!("wit/exposition.wit")),
    ("accounting.wit", include_str!("wit/accounting.wit")),
];

pub(crate) fn wit(args: &WitArgs) -> anyhow::Result<Exit> {
    let dir = &args.dir;
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    // All or nothing: somebody's own changes are looked for before anything is
    // written.
    for (name, text) in FILES {
        let path = dir.join(name);
        match fs::read(&path) {
            Ok(found) if found != text.as_bytes() => bail!(
                "{} is there already and differs; remove it, or name another folder",
                path.display()
            ),
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot write {}", path.display()));
            }
            _ => {}
        }
    }
    for (name, text) in FILES {
        write(dir, name, text)
            .with_context(|| format!("cannot write {}", dir.join(name).display()))?;
    }
    let version = solti_metrics_host::WIT_VERSION;
    print(&format!(
        "solti:metrics@{version} is in {}\n",
        dir.display()
    ))?;
    Ok(Exit::Good)
}

/// Whoever reads the file sees all of it or nothing.
fn write(dir: &Path, name: &str, text: &str) -> std::io::Result<()> {
    let unfinished = dir.join(format!(".{name}.{}", std::process::id()));
    let mut file = fs::File::create_new(&unfinished)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, dir.join(name)))
        .inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })
}
