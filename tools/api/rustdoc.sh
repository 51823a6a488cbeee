#!/usr/bin/env bash
# rustdoc, with its unstable options.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
