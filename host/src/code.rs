//! Machine code: the one module with `unsafe`, in the files of the folder `code/`.
//!
//! # Contract
//!
//! Two operations here are unsafe in wasmtime. This contract makes them sound.
//!
//! **Code that was compiled elsewhere is executed.** wasmtime checks its version and settings, and
//! not the code itself: most changed code runs without an error, and does something else. A
//! `Code` is therefore made in two ways only. `Code::compile` makes it in this process.
//! `Code::known` takes it from elsewhere. That function is called in `artifact/engine.rs` and
//! `artifact/cache.rs` alone, as a test of the sources checks, with bytes of three kinds. The first
//! kind is the answer of a process that this process started, of the program that its embedder
//! named. The second kind is from a cache, and the third from a precompiled file. The latter two
//! were authenticated by `artifact/sealed.rs` with a secret key, and have the same name as code of
//! this component, kind, engine and version. Bytes of a precompiled file are loaded from the memory
//! in which they were authenticated. Bytes of a cache are mapped from the open file that was
//! authenticated, `Code::known_file`. The cache writes each file once, before the file has its
//! name. Only its owner can access its folder, and the owner could as well write into this process.
//!
//! **The shim loads and stores native memory.** It takes the address of the store's data, and reads
//! and writes within the ring that lies there, for any behavior of the guest and the host: it
//! checks how much is in use before each store. The intrinsics are given to the shim alone. Guests
//! that import anything under its private namespace are rejected, and the composition's import has
//! no other user. The data must start with the ring: so code with the shim is a `ShimComponent`,
//! and that links into stores of types with the trait `StartsWithRing` alone. The trait is private
//! to this crate, two types have it, and its offset is asserted for each type that is linked. The
//! layout of the ring is asserted where it is declared, and is part of the name under which code is
//! cached. The name also includes whether the code contains a shim.
//!
//! An embedder gets linked code with the shim, and wasmtime returns the component of linked code
//! (`InstancePre::component`, `Instance::instance_pre`), which fits any linker that has the shim's
//! imports. The shim of an embedder therefore checks its store before the first record: it asks the
//! host for the address of the ring, and traps unless the store's data is at that address. Only
//! this crate defines the answer, `inline/imports.rs`, and only for stores whose data starts with
//! the ring. A linker without the answer does not link, or traps. The namespace of the shim's
//! imports is reserved: a program that answers there itself, with the address of other data, is
//! outside of this contract, like a program that writes to its own memory through the system. So is
//! a program that takes a core module of a component out of a backtrace (`FrameInfo::module`) and
//! gives it other imports: wasmtime 48 compiles direct calls of the imports into such a module,
//! with and without the shim, so other imports are not sound there.
#![allow(unsafe_code, reason = "the contract above")]

#[cfg(feature = "execution")]
mod known;
#[cfg(feature = "inline")]
mod shim;

#[cfg(feature = "execution")]
pub(crate) use known::Code;
#[cfg(feature = "inline")]
pub(crate) use shim::ShimComponent;
