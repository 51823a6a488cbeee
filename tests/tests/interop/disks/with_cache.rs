use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_tests::endurance::{Then, guest};

use super::mounted::{Mounted, cache, runs, stop};

const CONFIG: &str = "[compilation]\ncache = \"disk/code\"\n\
    [tasks.quick]\ncomponent = \"quick.wasm\"\nschedule = \"interval\"\ninterval = \"10ms\"\n";

const MOUNT: &str = "mount -t tmpfs -o size=1m none disk";

fn mounted() -> Result<Mounted> {
    Mounted::new(&[("quick.wasm", guest(7, Then::Succeeds)?)])
}

/// The disk has space for the key, and not for code.
pub(super) fn full(unshare: &Path) -> Result<()> {
    let folder = mounted()?;
    let fill = format!("{MOUNT}\nhead -c 1040384 /dev/zero >disk/filler");
    let mut served = folder.serve(unshare, &fill, CONFIG)?;
    runs(&served)?;
    ensure!(cache(&served, "stored")? == 0.0 && cache(&served, "store_failures")? == 1.0);
    let names = || -> Result<Vec<String>> {
        let entries = fs::read_dir(folder.on_disk(&served, "code"))?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    };
    ensure!(names()? == ["key"], "{:?}", names()?);
    fs::remove_file(folder.on_disk(&served, "filler"))?;
    folder.rebuild(&mut served, "quick.wasm", 1)?;
    runs(&served)?;
    ensure!(cache(&served, "stored")? == 1.0 && cache(&served, "store_failures")? == 1.0);
    let log = stop(served)?;
    let said = "code cannot be stored in the compilation cache";
    ensure!(log.matches(said).count() == 1, "{log}");
    ensure!(log.contains("No space left on device"), "{log}");
    Ok(())
}

pub(super) fn no_space(unshare: &Path) -> Result<()> {
    let folder = mounted()?;
    let fill = format!("{MOUNT}\nhead -c 2m /dev/zero >disk/filler 2>/dev/null || true");
    let served = folder.serve(unshare, &fill, CONFIG)?;
    runs(&served)?;
    let log = stop(served)?;
    ensure!(log.contains("cannot create a key in"), "{log}");
    ensure!(log.contains("No space left on device"), "{log}");
    Ok(())
}

pub(super) fn read_only(unshare: &Path) -> Result<()> {
    let folder = mounted()?;
    let mount = format!("{MOUNT}\nmkdir -m 700 disk/code\nmount -o remount,ro disk");
    let served = folder.serve(unshare, &mount, CONFIG)?;
    runs(&served)?;
    let log = stop(served)?;
    ensure!(log.contains("Read-only file system"), "{log}");
    Ok(())
}

pub(super) fn becomes_read_only(unshare: &Path) -> Result<()> {
    let folder = mounted()?;
    let mut served = folder.serve(unshare, MOUNT, CONFIG)?;
    ensure!(cache(&served, "stored")? == 1.0);
    folder.remount(&served, "remount,ro")?;
    folder.rebuild(&mut served, "quick.wasm", 1)?;
    runs(&served)?;
    ensure!(cache(&served, "stored")? == 1.0 && cache(&served, "store_failures")? == 1.0);
    folder.remount(&served, "remount,rw")?;
    folder.rebuild(&mut served, "quick.wasm", 2)?;
    runs(&served)?;
    ensure!(cache(&served, "stored")? == 2.0 && cache(&served, "store_failures")? == 1.0);
    stop(served)?;
    Ok(())
}
