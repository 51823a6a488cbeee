//! Guests that use grants of the command line. The fixtures of other tests have no
//! environment, no standard input and no directories.

use std::path::Path;

use anyhow::Result;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The part of WASI that these guests use.
const WIT: &str = "
package solti:granted;

world granted {
  include solti:metrics/imports@0.1.0;
  import wasi:cli/environment@0.2.12;
  import wasi:cli/stdin@0.2.12;
  import wasi:cli/stdout@0.2.12;
  import wasi:cli/stderr@0.2.12;
  import wasi:clocks/monotonic-clock@0.2.12;
  import wasi:filesystem/preopens@0.2.12;
  export wasi:cli/run@0.2.12;
}

package wasi:cli@0.2.12 {
  interface environment {
    get-environment: func() -> list<tuple<string, string>>;
    get-arguments: func() -> list<string>;
  }
  interface run {
    run: func() -> result;
  }
  interface stdin {
    use wasi:io/streams@0.2.12.{input-stream};
    get-stdin: func() -> input-stream;
  }
  interface stdout {
    use wasi:io/streams@0.2.12.{output-stream};
    get-stdout: func() -> output-stream;
  }
  interface stderr {
    use wasi:io/streams@0.2.12.{output-stream};
    get-stderr: func() -> output-stream;
  }
}

package wasi:clocks@0.2.12 {
  interface monotonic-clock {
    use wasi:io/poll@0.2.12.{pollable};
    subscribe-duration: func(when: u64) -> pollable;
  }
}

package wasi:io@0.2.12 {
  interface error {
    resource error;
  }
  interface poll {
    resource pollable {
      block: func();
    }
  }
  interface streams {
    use error.{error};
    variant stream-error {
      last-operation-failed(error),
      closed,
    }
    resource input-stream {
      blocking-read: func(len: u64) -> result<list<u8>, stream-error>;
    }
    resource output-stream {
      blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
    }
  }
}

package wasi:filesystem@0.2.12 {
  interface types {
    enum error-code {
      access, would-block, already, bad-descriptor, busy, deadlock, quota, exist,
      file-too-large, illegal-byte-sequence, in-progress, interrupted, invalid, io,
      is-directory, loop, too-many-links, message-size, name-too-long, no-device,
      no-entry, no-lock, insufficient-memory, insufficient-space, not-directory,
      not-empty, not-recoverable, unsupported, no-tty, no-such-device, overflow,
      not-permitted, pipe, read-only, invalid-seek, text-file-busy, cross-device,
    }
    resource descriptor {
      create-directory-at: func(path: string) -> result<_, error-code>;
      remove-directory-at: func(path: string) -> result<_, error-code>;
    }
  }
  interface preopens {
    use types.{descriptor};
    get-directories: func() -> list<tuple<descriptor, string>>;
  }
}
";

/// Makes a component from a core module that imports functions of `WIT`.
pub fn component(core: &str) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit"))?;
    let package = resolve.push_str("granted.wit", WIT)?;
    let world = resolve.select_world(&[package], Some("granted"))?;
    let mut module = wat::parse_str(core)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default()
        .module(&module)?
        .validate(true)
        .encode()
}
