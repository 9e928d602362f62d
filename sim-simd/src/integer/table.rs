//! Functions of a byte, in a form that vectors can look up.

/// What the bytes of a table are added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The byte that is looked up.
    Own,
    /// One value for all.
    Constant(u8),
}

/// What all bytes with some high nibbles add to the base, by low nibble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// By low nibble.
    pub added: [u8; 16],
    /// All ones for the high nibbles of this class; no other class has them.
    pub of: [u8; 16],
}

/// A function from bytes to bytes.
///
/// A vector looks sixteen bytes up at once, so the function is kept as a base and a few classes of high nibbles that
/// add the same to it; rounding to a multiple of 16, for example, knows even and odd ones and the ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteTable {
    bytes: [u8; 256],
    base: Base,
    classes: Vec<Class>,
}

impl ByteTable {
    /// The table of `function`.
    pub fn new(function: impl Fn(u8) -> u8) -> Self {
        let mut bytes = [0; 256];
        for (slot, byte) in bytes.iter_mut().zip(0..=u8::MAX) {
            *slot = function(byte);
        }
        let over = |base| Self {
            bytes,
            base,
            classes: classes_over(&bytes, base),
        };
        let over_own = over(Base::Own);
        if over_own.is_identity() {
            return over_own;
        }
        let over_constant = over(Base::Constant(bytes[0]));
        if over_constant.classes.len() < over_own.classes.len() {
            over_constant
        } else {
            over_own
        }
    }

    /// The function itself.
    pub fn of(&self, byte: u8) -> u8 {
        self.bytes[usize::from(byte)]
    }

    /// What the classes add to.
    pub const fn base(&self) -> Base {
        self.base
    }

    /// Classes; high nibbles of none add nothing.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// Whether every byte stays what it is.
    pub fn is_identity(&self) -> bool {
        self.base == Base::Own && self.classes.is_empty()
    }
}

fn classes_over(bytes: &[u8; 256], base: Base) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    let (rows, _) = bytes.as_chunks::<16>();
    for (high, row) in (0_u8..).zip(rows) {
        let mut low = 0_u8..;
        let added = row.map(|value| {
            let own = high << 4 | low.next().unwrap_or_default();
            value.wrapping_sub(match base {
                Base::Own => own,
                Base::Constant(constant) => constant,
            })
        });
        if added == [0; 16] {
            continue;
        }
        let mut of = [0; 16];
        of[usize::from(high)] = u8::MAX;
        match classes.iter_mut().find(|class| class.added == added) {
            Some(class) => class.of[usize::from(high)] = u8::MAX,
            None => classes.push(Class { added, of }),
        }
    }
    classes
}
