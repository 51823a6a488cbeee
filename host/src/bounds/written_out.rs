//! Size of a component's types when they are written out.
//!
//! A type that contains another type twice doubles its size, and so on at each level: a megabyte of
//! types can stand for gigabytes. Compilers and composers walk types as if they were written out,
//! including names; so types for which that takes too long are rejected before. wasmtime also uses
//! about 2 KB for each item of an instance, and instances may double at every level as types do.
//! This module visits each type once.

use std::collections::HashMap;

use wasmparser::component_types::{
    ComponentAnyTypeId as Id, ComponentDefinedType as Defined, ComponentEntityType as Entity,
    ComponentItem, ComponentValType,
};
use wasmparser::types::{Types, TypesRef};
use wasmparser::{Parser, ValidPayload, Validator, WasmFeatures};

use crate::contained::contained;
use crate::text::printable;

/// Maximum bytes of all types of a component together, written out. WASI's types take less than a
/// hundredth of that.
const MOST: u64 = 64 << 20;

/// Maximum number of functions, types, instances and other items of all instances and components in
/// a component together, written out. Real components have some thousand.
const MOST_ITEMS: u64 = 100_000;

/// Maximum depth of types. Real types nest three or four deep.
const DEEPEST: u32 = 100;

/// Rejects a component whose types are too large, and returns the fixed limit that they exceed.
/// Invalid components are rejected elsewhere.
pub(crate) fn bound_types(component: &[u8]) -> Result<(), String> {
    // The library contains many assertions, and can panic at unexpected input.
    contained(|| walk(component)).unwrap_or(Ok(()))
}

fn walk(component: &[u8]) -> Result<(), String> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut left = SizeLeft {
        bytes: MOST,
        items: MOST_ITEMS,
    };
    for payload in Parser::new(0).parse_all(component) {
        let valid = payload.and_then(|payload| validator.payload(&payload));
        match valid {
            Ok(ValidPayload::End(types)) => measure(&types, &mut left)?,
            Ok(_) => {}
            Err(error) if is_limit(error.message()) => return Err(printable(error.message())),
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

/// Whether the validator rejects a component for its size, with a message such as `effective type
/// size exceeds the limit of 1000000`.
fn is_limit(message: &str) -> bool {
    ["exceeds the limit of", "exceeds limit of"]
        .iter()
        .any(|sign| message.contains(sign))
}

/// Size that is left for the types of the next component.
struct SizeLeft {
    bytes: u64,
    items: u64,
}

impl SizeLeft {
    fn take(&mut self, size: TypeSize) -> Result<(), String> {
        self.bytes = self.bytes.checked_sub(size.bytes).ok_or_else(|| {
            format!(
                "its types have more than {} MiB when they are written out",
                MOST >> 20
            )
        })?;
        self.items = self.items.checked_sub(size.items).ok_or_else(|| {
            format!(
                "its types have more than {MOST_ITEMS} functions, types and instances when they are written out"
            )
        })?;
        Ok(())
    }
}

/// Subtracts the types of one component. Components and instances that it makes have types as well,
/// which are in no type section.
fn measure(types: &Types, left: &mut SizeLeft) -> Result<(), String> {
    let types = types.as_ref();
    let mut sizes = TypeSizes {
        types,
        known: HashMap::new(),
        depth: 0,
    };
    for index in 0..types.component_type_count() {
        left.take(sizes.of(types.component_any_type_at(index))?)?;
    }
    for index in 0..types.component_count() {
        left.take(sizes.of(Id::Component(types.component_at(index)))?)?;
    }
    for index in 0..types.component_instance_count() {
        left.take(sizes.of(Id::Instance(types.component_instance_at(index)))?)?;
    }
    for index in 0..types.component_function_count() {
        left.take(sizes.of(Id::Func(types.component_function_at(index)))?)?;
    }
    for index in 0..types.value_count() {
        left.take(sizes.value(types.value_at(index))?)?;
    }
    Ok(())
}

/// Size of one type.
#[derive(Clone, Copy)]
struct TypeSize {
    bytes: u64,
    /// Items of instances and components.
    items: u64,
    depth: u32,
}

/// Size of a name, or of a type without nested types.
const fn plain(bytes: u64) -> TypeSize {
    TypeSize {
        bytes,
        items: 0,
        depth: 0,
    }
}

struct TypeSizes<'a> {
    types: TypesRef<'a>,
    known: HashMap<Id, TypeSize>,
    /// Depth of the types that are being visited.
    depth: u32,
}

impl TypeSizes<'_> {
    fn of(&mut self, id: Id) -> Result<TypeSize, String> {
        if let Some(size) = self.known.get(&id) {
            return Ok(*size);
        }
        let too_deep = || format!("its types nest more than {DEEPEST} deep");
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(too_deep());
        }
        let parts = self.parts(id)?;
        self.depth -= 1;
        if parts.depth >= DEEPEST {
            return Err(too_deep());
        }
        let size = TypeSize {
            bytes: parts.bytes.saturating_add(1),
            items: parts.items,
            depth: parts.depth + 1,
        };
        self.known.insert(id, size);
        Ok(size)
    }

    fn parts(&mut self, id: Id) -> Result<TypeSize, String> {
        let types = self.types;
        match id {
            Id::Resource(_) => Ok(plain(1)),
            Id::Defined(id) => self.defined(&types[id]),
            Id::Func(id) => {
                let function = &types[id];
                let params = function.params.iter();
                let params = params.map(|(name, ty)| (name.len(), Some(*ty)));
                self.values(params.chain([(0, function.result)]))
            }
            Id::Instance(id) => self.items(types[id].exports.iter()),
            Id::Component(id) => {
                let component = &types[id];
                self.items(component.imports.iter().chain(component.exports.iter()))
            }
        }
    }

    fn defined(&mut self, ty: &Defined) -> Result<TypeSize, String> {
        match ty {
            Defined::Primitive(_) | Defined::Own(_) | Defined::Borrow(_) => Ok(plain(1)),
            Defined::Record(record) => {
                let fields = record.fields.iter();
                self.values(fields.map(|(name, ty)| (name.len(), Some(*ty))))
            }
            Defined::Variant(variant) => {
                let cases = variant.cases.iter();
                self.values(cases.map(|(name, case)| (name.len(), case.ty)))
            }
            Defined::Tuple(tuple) => self.values(tuple.types.iter().map(|ty| (0, Some(*ty)))),
            Defined::Flags(names) | Defined::Enum(names) => {
                Ok(plain(names.iter().map(|name| 1 + name.len() as u64).sum()))
            }
            Defined::List(ty) | Defined::FixedLengthList(ty, _) | Defined::Option(ty) => {
                self.values([(0, Some(*ty))])
            }
            Defined::Map(key, value) => self.values([(0, Some(*key)), (0, Some(*value))]),
            Defined::Result { ok, err } => self.values([(0, *ok), (0, *err)]),
            Defined::Future(ty) | Defined::Stream(ty) => self.values([(0, *ty)]),
        }
    }

    fn values(
        &mut self,
        named: impl IntoIterator<Item = (usize, Option<ComponentValType>)>,
    ) -> Result<TypeSize, String> {
        let mut sum = plain(0);
        for (name, ty) in named {
            let size = ty.map_or(Ok(plain(1)), |ty| self.value(ty))?;
            sum.add(name, size);
        }
        Ok(sum)
    }

    fn value(&mut self, ty: ComponentValType) -> Result<TypeSize, String> {
        match ty {
            ComponentValType::Type(id) => self.of(Id::Defined(id)),
            ComponentValType::Primitive(_) => Ok(plain(1)),
        }
    }

    fn items<'i>(
        &mut self,
        items: impl Iterator<Item = (&'i String, &'i ComponentItem)>,
    ) -> Result<TypeSize, String> {
        let mut sum = plain(0);
        for (name, item) in items {
            let size = match item.ty {
                // A module contains no other types.
                Entity::Module(id) => {
                    let module = &self.types[id];
                    plain((module.imports.len() + module.exports.len()) as u64)
                }
                Entity::Func(id) => self.of(Id::Func(id))?,
                Entity::Value(ty) => self.value(ty)?,
                Entity::Type { created, .. } => self.of(created)?,
                Entity::Instance(id) => self.of(Id::Instance(id))?,
                Entity::Component(id) => self.of(Id::Component(id))?,
            };
            sum.add(name.len(), size);
            sum.items = sum.items.saturating_add(1);
        }
        Ok(sum)
    }
}

impl TypeSize {
    fn add(&mut self, name: usize, part: Self) {
        self.bytes = self.bytes.saturating_add(name as u64);
        self.bytes = self.bytes.saturating_add(part.bytes);
        self.items = self.items.saturating_add(part.items);
        self.depth = self.depth.max(part.depth);
    }
}

#[cfg(test)]
mod tests;
