//! The ports of a Verilated top, as arrays of 32-bit words.

/// A port by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) name: &'static str,
    pub(crate) n_words: usize,
    /// The parameter of the top that sets its width, where it has one.
    parameter: Option<String>,
}

impl Port {
    /// A port of exactly one word.
    pub(crate) const fn word(name: &'static str) -> Self {
        Self {
            name,
            n_words: 1,
            parameter: None,
        }
    }

    /// A port that holds `n_bits`, rounded up to whole words and to at least three: Verilator passes narrower ports as
    /// plain integers.
    pub(crate) fn wide(name: &'static str, n_bits: usize) -> Self {
        Self::sized(name, &format!("{}_BITS", name.to_uppercase()), n_bits)
    }

    /// A wide port whose width another port's parameter sets.
    pub(crate) fn sized(name: &'static str, parameter: &str, n_bits: usize) -> Self {
        Self {
            name,
            n_words: n_bits.div_ceil(32).max(3),
            parameter: Some(parameter.to_owned()),
        }
    }

    /// The parameter that sets the width, and the width in bits.
    pub(crate) fn parameter(&self) -> Option<(String, usize)> {
        let parameter = self.parameter.clone()?;
        Some((parameter, self.n_words * 32))
    }
}

/// The C++ between a Verilated top and this crate: a handful of C functions.
pub(crate) fn glue(top: &str, ports: &[Port]) -> String {
    let mut cases = String::new();
    for (index, port) in ports.iter().enumerate() {
        let address = if port.n_words == 1 {
            format!("&model->top->{}", port.name)
        } else {
            format!("model->top->{}.data()", port.name)
        };
        cases += &format!("    case {index}: return {address};\n");
    }
    format!(
        r#"#include "V{top}.h"
#include "verilated.h"
#include <cstdint>

double sc_time_stamp() {{ return 0; }}

namespace {{
struct Model {{
    VerilatedContext context;
    V{top}* top;
}};
}}

extern "C" Model* model_new(uint32_t seed) {{
    Model* model = new Model;
    // Registers without a reset start with anything, as they do in silicon.
    model->context.randSeed(static_cast<int>(seed & 0x7fffffffu));
    model->context.randReset(2);
    model->top = new V{top}(&model->context);
    model->top->clk = 0;
    return model;
}}

extern "C" void model_free(Model* model) {{
    model->top->final();
    delete model->top;
    delete model;
}}

extern "C" void model_evaluate(Model* model) {{ model->top->eval(); }}

extern "C" void model_clock(Model* model) {{
    model->top->clk = 0;
    model->top->eval();
    model->top->clk = 1;
    model->top->eval();
}}

extern "C" uint32_t* model_port(Model* model, uint32_t port) {{
    switch (port) {{
{cases}    default: return nullptr;
    }}
}}
"#
    )
}
