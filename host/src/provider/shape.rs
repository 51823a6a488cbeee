//! Types that a provider's functions must have, and their text in messages.
//!
//! A component's types can double at every level: a megabyte of types can stand for more text than
//! any memory holds. So the types of a component are compared with the expected ones level by level
//! and no deeper, and the text in a message ends after one line.

use std::fmt;

use wasmtime::component::types::{ComponentFunc, Type};

use crate::text::printable;

/// Maximum number of characters of a type in a message.
const LONGEST: usize = 160;

/// An expected type.
pub(super) enum Shape {
    U64,
    String,
    Enum(&'static [&'static str]),
    List(&'static Shape),
    Record(&'static [(&'static str, Shape)]),
    Result(Option<&'static Shape>, Option<&'static Shape>),
}

/// An expected function.
pub(super) struct Signature {
    params: &'static [Shape],
    result: Option<Shape>,
}

impl Signature {
    pub(super) const fn new(params: &'static [Shape], result: Option<Shape>) -> Self {
        Self { params, result }
    }

    pub(super) fn is_of(&self, function: &ComponentFunc) -> bool {
        let params = function.params();
        let results = function.results();
        !function.async_()
            && params.len() == self.params.len()
            && results.len() == usize::from(self.result.is_some())
            && self
                .params
                .iter()
                .zip(params)
                .all(|(expected, (_, found))| expected.is_of(&found))
            && self
                .result
                .iter()
                .zip(results)
                .all(|(expected, found)| expected.is_of(&found))
    }
}

impl Shape {
    fn is_of(&self, found: &Type) -> bool {
        let part = |expected: &Option<&'static Self>, found: Option<Type>| match (expected, found) {
            (None, None) => true,
            (Some(expected), Some(found)) => expected.is_of(&found),
            _ => false,
        };
        match (self, found) {
            (Self::U64, Type::U64) | (Self::String, Type::String) => true,
            (Self::Enum(cases), Type::Enum(found)) => found.names().eq(cases.iter().copied()),
            (Self::List(element), Type::List(found)) => element.is_of(&found.ty()),
            (Self::Record(fields), Type::Record(found)) => {
                found.fields().len() == fields.len()
                    && fields
                        .iter()
                        .zip(found.fields())
                        .all(|((name, ty), field)| *name == field.name && ty.is_of(&field.ty))
            }
            (Self::Result(ok, err), Type::Result(found)) => {
                part(ok, found.ok()) && part(err, found.err())
            }
            _ => false,
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        separated(f, self.params, |f, param| write!(f, "{param}"))?;
        f.write_str(")")?;
        match &self.result {
            None => Ok(()),
            Some(result) => write!(f, " -> {result}"),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &Option<&'static Self>| part.map_or("_".into(), Self::to_string);
        match self {
            Self::U64 => f.write_str("u64"),
            Self::String => f.write_str("string"),
            Self::Enum(cases) => write!(f, "enum({})", cases.join(", ")),
            Self::List(element) => write!(f, "list<{element}>"),
            Self::Record(fields) => {
                f.write_str("record(")?;
                separated(f, fields, |f, (name, ty)| write!(f, "{name}: {ty}"))?;
                f.write_str(")")
            }
            Self::Result(ok, err) => write!(f, "result<{}, {}>", part(ok), part(err)),
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
    }
    Ok(())
}

/// Text of a function, cut to the length that fits into a message.
pub(super) fn told(function: &ComponentFunc) -> String {
    let mut told = BoundedText(String::new());
    // A full text is the only error.
    match told.function(function) {
        Ok(()) => told.0,
        Err(TextFull) => told.0 + "…",
    }
}

/// A text with a maximum length, which ends the walk that writes it.
struct BoundedText(String);

struct TextFull;

type TextResult = Result<(), TextFull>;

impl BoundedText {
    fn text(&mut self, text: &str) -> TextResult {
        // Names can be long, too.
        let space = LONGEST.saturating_sub(self.0.len());
        let fits: String = text.chars().take(space).collect();
        self.0.push_str(&printable(&fits));
        if fits.len() == text.len() && self.0.len() < LONGEST {
            Ok(())
        } else {
            Err(TextFull)
        }
    }

    fn function(&mut self, function: &ComponentFunc) -> TextResult {
        if function.async_() {
            self.text("async ")?;
        }
        self.text("func(")?;
        self.list(function.params(), |told, (_, ty)| told.ty(&ty))?;
        self.text(")")?;
        for result in function.results() {
            self.text(" -> ")?;
            self.ty(&result)?;
        }
        Ok(())
    }

    fn list<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> TextResult,
    ) -> TextResult {
        for (number, item) in items.enumerate() {
            if number > 0 {
                self.text(", ")?;
            }
            write(self, item)?;
        }
        Ok(())
    }

    fn named<'a>(
        &mut self,
        kind: &str,
        items: impl Iterator<Item = (&'a str, Option<Type>)>,
    ) -> TextResult {
        self.text(kind)?;
        self.text("(")?;
        self.list(items, |told, (name, ty)| {
            told.text(name)?;
            let Some(ty) = ty else { return Ok(()) };
            told.text(": ")?;
            told.ty(&ty)
        })?;
        self.text(")")
    }

    fn of(&mut self, kind: &str, types: impl Iterator<Item = Option<Type>>) -> TextResult {
        self.text(kind)?;
        self.text("<")?;
        self.list(types, |told, ty| match ty {
            None => told.text("_"),
            Some(ty) => told.ty(&ty),
        })?;
        self.text(">")
    }

    fn ty(&mut self, ty: &Type) -> TextResult {
        let one = |ty: Type| [Some(ty)].into_iter();
        match ty {
            Type::Bool => self.text("bool"),
            Type::S8 => self.text("s8"),
            Type::U8 => self.text("u8"),
            Type::S16 => self.text("s16"),
            Type::U16 => self.text("u16"),
            Type::S32 => self.text("s32"),
            Type::U32 => self.text("u32"),
            Type::S64 => self.text("s64"),
            Type::U64 => self.text("u64"),
            Type::Float32 => self.text("f32"),
            Type::Float64 => self.text("f64"),
            Type::Char => self.text("char"),
            Type::String => self.text("string"),
            Type::List(list) => self.of("list", one(list.ty())),
            Type::Option(option) => self.of("option", one(option.ty())),
            Type::Tuple(tuple) => self.of("tuple", tuple.types().map(Some)),
            Type::Result(result) => self.of("result", [result.ok(), result.err()].into_iter()),
            Type::Enum(cases) => self.named("enum", cases.names().map(|name| (name, None))),
            Type::Flags(flags) => self.named("flags", flags.names().map(|name| (name, None))),
            Type::Record(record) => {
                let fields = record.fields().map(|field| (field.name, Some(field.ty)));
                self.named("record", fields)
            }
            Type::Variant(variant) => {
                self.named("variant", variant.cases().map(|case| (case.name, case.ty)))
            }
            Type::Own(_) | Type::Borrow(_) => self.text("resource"),
            _ => self.text("another type"),
        }
    }
}
