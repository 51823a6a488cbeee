//! Messages of errors of keys and the compilation cache.

use super::{Result, path, system, tell_once, text};
use crate::artifact::{CacheError, KeyError, Refusal};

#[test]
fn an_error_of_cached_code_tells_its_cause_once() -> Result {
    let keys = [
        KeyError::Read {
            path: path(),
            reason: system(),
        },
        KeyError::Create {
            path: path(),
            reason: system(),
        },
        KeyError::Malformed { path: path() },
    ];
    tell_once(&keys, include_str!("../artifact/key.rs"))?;
    let [key, ..] = keys;
    let all = [
        CacheError::Folder {
            path: path(),
            reason: system(),
        },
        CacheError::NotAFolder { path: path() },
        CacheError::NotOurs {
            path: path(),
            owner: 1,
        },
        CacheError::Exposed {
            path: path(),
            mode: 0o777,
        },
        CacheError::Key(key),
    ];
    tell_once(&all, include_str!("../artifact/error.rs"))?;
    let all = [
        Refusal::NoKey,
        Refusal::Damaged,
        Refusal::NotAuthentic,
        Refusal::OtherHost,
        Refusal::OtherUse,
        Refusal::NotLoaded,
    ];
    tell_once(&all, include_str!("../artifact/error.rs"))
}
