//! Enums whose values have names: in files, on the command line and in results a value is written as its name.

#[doc(hidden)]
pub use serde;

/// An enum that [`named!`](crate::named!) declares.
pub trait Named: Copy + Send + Sync + 'static {
    /// Every value, in the order of its declaration.
    const ALL: &'static [Self];

    /// What users write.
    fn name(self) -> &'static str;

    /// The names of all values.
    fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|value| value.name()).collect()
    }

    /// The value of a name; case matters.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == name)
    }
}

/// Declare an enum whose values have names.
///
/// It is [`Named`], its `ALL` is an array, `name` is `const`, and `Display` and serde write the name.
#[macro_export]
macro_rules! named {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash,
            $crate::named::serde::Serialize, $crate::named::serde::Deserialize,
        )]
        #[serde(crate = "sim_core::named::serde")]
        $visibility enum $name {
            $($(#[$variant_attribute])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value.
            $visibility const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// What users write.
            $visibility const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl $crate::named::Named for $name {
            const ALL: &'static [Self] = &Self::ALL;

            fn name(self) -> &'static str {
                self.name()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
