use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, ValType};

use super::BODY_TYPE;

/// The imported function that records.
pub(super) const COMPLETED: u32 = 0;

/// The functions that a function may call.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Number of earlier functions.
    pub(super) before: u32,
    /// Number of functions in the table.
    pub(super) in_table: u32,
}

/// Pseudorandom numbers, the same sequence each time.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `sides`.
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32 % sides
    }
}

/// Number of locals: two parameters and six others.
const LOCALS: u32 = 8;

/// About thirty statements: arithmetic, memory, branches, loops and calls, about in the
/// proportions of a compiled program.
pub(super) fn body(dice: &mut Dice, shape: Shape) -> Function {
    let mut function = Function::new([(LOCALS - 2, ValType::I32)]);
    let mut writer = Writer {
        code: &mut function.instructions(),
        dice,
        shape,
    };
    for _ in 0..16 + writer.dice.roll(32) {
        writer.statement(0);
    }
    writer.get();
    writer.code.end();
    function
}

/// The first function after `main`.
const FIRST: u32 = COMPLETED + 2;

/// A function of at least `bytes` bytes, of calls of itself. Calls need more memory to compile
/// than most other instructions, and no epoch checks, which the defaults of wasmtime lack.
pub(super) fn long_body(dice: &mut Dice, bytes: usize) -> Function {
    let mut function = Function::new([(LOCALS - 2, ValType::I32)]);
    let shape = Shape {
        before: 0,
        in_table: 0,
    };
    while function.byte_len() < bytes {
        let mut writer = Writer {
            code: &mut function.instructions(),
            dice,
            shape,
        };
        writer.get();
        writer.get();
        writer.code.call(FIRST);
        writer.set();
    }
    let mut code = function.instructions();
    code.local_get(0).end();
    function
}

struct Writer<'a, 'b> {
    code: &'a mut InstructionSink<'b>,
    dice: &'a mut Dice,
    shape: Shape,
}

impl Writer<'_, '_> {
    fn statement(&mut self, depth: u32) {
        match self.dice.roll(if depth < 2 { 40 } else { 33 }) {
            0..10 => self.arithmetic(),
            10..19 => self.load(),
            19..26 => self.store(),
            26..33 => self.call(),
            33..37 => self.branch(depth),
            37 => self.repeat(depth),
            38 => self.choose(depth),
            _ => self.record(),
        }
    }

    fn arithmetic(&mut self) {
        self.get();
        for _ in 0..=self.dice.roll(3) {
            match self.dice.roll(3) {
                0 => self.number(1 << 16),
                _ => self.get(),
            }
            match self.dice.roll(6) {
                0 | 1 => self.code.i32_add(),
                2 => self.code.i32_sub(),
                3 => self.code.i32_xor(),
                4 => self.code.i32_mul(),
                _ => self.code.i32_shr_u(),
            };
        }
        self.set();
    }

    fn load(&mut self) {
        self.get();
        let place = self.place();
        self.code.i32_load(place);
        self.set();
    }

    fn store(&mut self) {
        self.get();
        self.get();
        let place = self.place();
        self.code.i32_store(place);
    }

    /// Writes a call of an earlier function: mostly a direct call. The first function has
    /// arithmetic instead.
    fn call(&mut self) {
        let Shape { before, in_table } = self.shape;
        if before == 0 {
            return self.arithmetic();
        }
        self.get();
        self.get();
        if in_table > 0 && self.dice.roll(5) == 0 {
            self.number(in_table);
            self.code.call_indirect(0, BODY_TYPE);
        } else {
            let which = self.dice.roll(before);
            self.code.call(FIRST + which);
        }
        self.set();
    }

    fn branch(&mut self, depth: u32) {
        self.get();
        self.get();
        self.code.i32_lt_u().if_(BlockType::Empty);
        self.statement(depth + 1);
        self.code.else_();
        self.statement(depth + 1);
        self.code.end();
    }

    fn repeat(&mut self, depth: u32) {
        self.code.loop_(BlockType::Empty);
        self.statement(depth + 1);
        self.get();
        self.number(64);
        self.code.i32_and().i32_eqz().br_if(0).end();
    }

    /// Writes a branch with three cases and a default.
    fn choose(&mut self, depth: u32) {
        const CASES: u32 = 3;
        for _ in 0..=CASES {
            self.code.block(BlockType::Empty);
        }
        self.get();
        self.code.br_table(0..CASES, CASES);
        for left in (1..=CASES).rev() {
            self.code.end();
            self.statement(depth + 1);
            self.code.br(left - 1);
        }
        self.code.end();
    }

    fn record(&mut self) {
        self.number(3);
        self.number(4);
        self.get();
        self.code.i64_extend_i32_u().call(COMPLETED);
    }

    fn get(&mut self) {
        let local = self.dice.roll(LOCALS);
        self.code.local_get(local);
    }

    fn set(&mut self) {
        let local = self.dice.roll(LOCALS);
        self.code.local_set(local);
    }

    fn number(&mut self, below: u32) {
        let number = self.dice.roll(below);
        self.code.i32_const(number.cast_signed());
    }

    fn place(&mut self) -> MemArg {
        MemArg {
            offset: u64::from(4 * self.dice.roll(64)),
            align: 2,
            memory_index: 0,
        }
    }
}
