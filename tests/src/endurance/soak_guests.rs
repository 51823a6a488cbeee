use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::guests::{Then, guest};
use crate::artifact::{WASI, artifact};
use crate::guest::another_build;

/// The tasks of a soak: each way to end, each schedule, and each admission.
pub(super) const CONFIG: &str = r#"
[compilation]
cache = "code"

[runner]
concurrency = 16

# A hundred tasks each; what is due while two run waits.
[tasks.fast]
component = "fast.wasm"
schedule = "interval"
interval = "200ms"
concurrency = 2
queue_capacity = 4

# Reads files that it was granted, hashes them, and prints.
[tasks.digest]
component = "digest.wasm"
args = ["/texts"]
dirs = ["texts::/texts"]
schedule = "interval"
interval = "1s"

# Takes longer than there is time for it, so that its queue is full and it is turned away.
[tasks.queued]
component = "nap.wasm"
schedule = "interval"
interval = "250ms"
queue_capacity = 3

[tasks.rejected]
component = "slow.wasm"
schedule = "interval"
interval = "400ms"
admission = "reject"

[tasks.replaced]
component = "slow.wasm"
schedule = "interval"
interval = "700ms"
admission = "replace"

[tasks.trapping]
component = "trapping.wasm"
schedule = "interval"
interval = "500ms"

[tasks.looping]
component = "looping.wasm"
schedule = "interval"
interval = "2s"
timeout = "200ms"

# Wants to record four times what it may, and more at once than may wait for the sink.
[tasks.flooding]
component = "flooding.wasm"
schedule = "interval"
interval = "1s"
quota = 10000

# Prints sixteen times what it may.
[tasks.printing]
component = "printing.wasm"
schedule = "interval"
interval = "5s"
max_output = "16KiB"

[tasks.failing]
component = "failing.wasm"
schedule = "restart"
[tasks.failing.backoff]
initial_backoff = "100ms"
max_backoff = "1s"

[backends.sink]
component = "sink.wasm"
queue_capacity = 4096
"#;

/// Writes the files that the configuration names.
pub(super) fn write(folder: &Path) -> Result<()> {
    let (nap, slow) = (Duration::from_millis(300), Duration::from_secs(1));
    let guests = [
        ("fast", 100, Then::Succeeds),
        ("nap", 10, Then::Sleeps(nap)),
        ("slow", 10, Then::Sleeps(slow)),
        ("trapping", 10, Then::Traps),
        ("looping", 10, Then::Loops),
        ("flooding", 20_000, Then::Succeeds),
        ("printing", 1, Then::Prints(64)),
        ("failing", 10, Then::Fails),
    ];
    for (name, records, then) in guests {
        let file = folder.join(name).with_extension("wasm");
        fs::write(file, guest(records, then)?)?;
    }
    fs::copy(artifact("digest", WASI), folder.join("digest.wasm"))?;
    let texts = folder.join("texts");
    fs::create_dir(&texts)?;
    for number in 0..20 {
        fs::write(
            texts.join(format!("{number}.txt")),
            "of no use\n".repeat(400),
        )?;
    }
    sink(folder, 0)
}

/// Replaces the file of the backend with another build. It does the same with other
/// bytes, so that the runner loads and compiles it again.
pub(super) fn sink(folder: &Path, build: usize) -> Result<()> {
    let component = fs::read(artifact("provider", WASI))?;
    let new = folder.join("sink.new");
    fs::write(&new, another_build(&component, build))?;
    Ok(fs::rename(new, folder.join("sink.wasm"))?)
}
