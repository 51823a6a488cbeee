//! Core modules from bytes, of the program in `fuzz/modules`.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use parking_lot::Mutex;

/// The program, which runs until this process ends.
struct Generator {
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

static GENERATOR: Mutex<Option<Generator>> = Mutex::new(None);

/// Makes a module with imports and exports of these two modules, or `None` if the bytes make no
/// module. Equal bytes make equal modules.
///
/// # Errors
///
/// When the program cannot be started.
pub fn module(imports: &[u8], exports: &[u8], bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut generator = GENERATOR.lock();
    let mut running = match generator.take() {
        Some(running) => running,
        None => Generator::start()?,
    };
    // The library panics at some bytes, which ends the program. The next call starts it again.
    let Ok(module) = running.module([imports, exports, bytes]) else {
        return Ok(None);
    };
    *generator = Some(running);
    Ok((!module.is_empty()).then_some(module))
}

impl Generator {
    fn start() -> Result<Self> {
        let mut child = Command::new(env!("MODULES"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context(concat!("cannot start ", env!("MODULES")))?;
        let pipes = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = pipes else {
            anyhow::bail!("a child without pipes");
        };
        Ok(Self {
            _child: child,
            input,
            output,
        })
    }

    fn module(&mut self, parts: [&[u8]; 3]) -> Result<Vec<u8>> {
        for part in parts {
            self.input
                .write_all(&u32::try_from(part.len())?.to_le_bytes())?;
            self.input.write_all(part)?;
        }
        self.input.flush()?;
        let mut length = [0; 4];
        self.output.read_exact(&mut length)?;
        let mut module = vec![0; u32::from_le_bytes(length) as usize];
        self.output.read_exact(&mut module)?;
        Ok(module)
    }
}
