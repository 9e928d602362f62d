//! The hot loops of the kernels as compiled: products stay in registers.

use anyhow::{Context, bail};

use crate::command::run;

const LISTING: &str = "target/assembly/sim_simd.s";

/// Kernels, by the end of their path, whose innermost loops must not touch the stack.
const KERNELS: [[&str; 2]; 10] = [
    ["avx2", "wide_tile"],
    ["avx2", "small_tile"],
    ["avx2", "wide_column"],
    ["avx2", "small_column"],
    ["avx", "wide_tile"],
    ["avx", "small_tile"],
    ["avx", "small_column"],
    ["avx512", "wide_tile"],
    ["avx512", "small_tile"],
    ["avx512", "small_column"],
];

/// Instructions that multiply and add.
const PRODUCTS: [&str; 4] = ["vpmaddwd", "vpmaddubsw", "vpdpwssd", "vpdpbusd"];

/// Compile the kernels and look at their loops.
pub(crate) fn check() -> anyhow::Result<()> {
    if !cfg!(target_arch = "x86_64") {
        println!("assembly: not run, the kernels are for x86-64");
        return Ok(());
    }
    std::fs::create_dir_all("target/assembly")?;
    run(&format!(
        "cargo rustc --quiet --release --package sim-simd --lib -- --emit asm={LISTING} -C debuginfo=0"
    ))?;
    let listing = std::fs::read_to_string(LISTING).context(LISTING)?;
    for kernel in KERNELS {
        let name = kernel.join("::");
        let Some(function) = function(&listing, kernel) else {
            bail!("{LISTING}: no function {name}; if it was renamed, rename it in xtask/src/assembly.rs");
        };
        let loops = product_loops(&function);
        if loops.is_empty() {
            bail!("{LISTING}: {name} has no loop with a product");
        }
        for body in loops {
            if let Some(line) = body.iter().find(|line| touches_stack(line)) {
                bail!("{LISTING}: the loop of {name} spills: `{}`", line.trim());
            }
        }
        println!("assembly: {name} keeps its products in registers");
    }
    Ok(())
}

/// The lines of a function; names are mangled as length and name.
fn function<'l>(listing: &'l str, path: [&str; 2]) -> Option<Vec<&'l str>> {
    let mangled: String = path.map(|name| format!("{}{name}", name.len())).concat();
    let mut lines = listing.lines();
    lines.find(|line| line.starts_with("_ZN") && line.contains(&mangled) && line.ends_with(':'))?;
    Some(lines.take_while(|line| !line.contains(".cfi_endproc")).collect())
}

/// Innermost loops with a product: from a label to a jump back to it.
fn product_loops<'l>(function: &[&'l str]) -> Vec<Vec<&'l str>> {
    let label_at = |name: &str| {
        function
            .iter()
            .position(|line| line.strip_suffix(':') == Some(name))
    };
    let mut loops: Vec<(usize, usize)> = Vec::new();
    for (end, line) in function.iter().enumerate() {
        let mut words = line.split_whitespace();
        let (Some(jump), Some(target)) = (words.next(), words.next()) else {
            continue;
        };
        if !jump.starts_with('j') {
            continue;
        }
        if let Some(start) = label_at(target).filter(|&start| start < end) {
            loops.push((start, end));
        }
    }
    let is_innermost = |&(start, end): &(usize, usize)| {
        !loops
            .iter()
            .any(|&(inner, last)| (inner, last) != (start, end) && start <= inner && last <= end)
    };
    loops
        .iter()
        .filter(|range| is_innermost(range))
        .map(|&(start, end)| function[start..=end].to_vec())
        .filter(|body| {
            body.iter()
                .any(|line| PRODUCTS.iter().any(|product| line.contains(product)))
        })
        .collect()
}

fn touches_stack(line: &str) -> bool {
    line.contains("(%rsp") || line.contains("(%rbp")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\
_ZN3sim4avx29wide_tile17h0E:
\tmovq\t%rax, 8(%rsp)
.LBB0_1:
\tvmovdqu\t%ymm0, -32(%rsp)
.LBB0_2:
\tvpmaddwd\t%ymm1, %ymm2, %ymm3
\tjne\t.LBB0_2
\tjne\t.LBB0_1
\tretq
\t.cfi_endproc
_ZN3sim4avx210small_tile17h0E:
.LBB1_1:
\tvpmaddubsw\t(%rdi), %ymm2, %ymm3
\tvpaddw\t-64(%rsp), %ymm3, %ymm3
\tjne\t.LBB1_1
\t.cfi_endproc
";

    #[test]
    fn only_the_innermost_loop_counts() {
        let function = function(LISTING, ["avx2", "wide_tile"]).expect("is there");
        let loops = product_loops(&function);
        assert_eq!(loops.len(), 1);
        assert_eq!(loops[0].len(), 3);
        assert!(!loops[0].iter().any(|line| touches_stack(line)));
    }

    #[test]
    fn a_spill_is_seen() {
        let function = function(LISTING, ["avx2", "small_tile"]).expect("is there");
        let loops = product_loops(&function);
        assert!(loops[0].iter().any(|line| touches_stack(line)));
    }

    #[test]
    fn a_kernel_that_is_gone_is_missed() {
        assert_eq!(function(LISTING, ["avx2", "wide_column"]), None);
        assert_eq!(function(LISTING, ["avx", "wide_tile"]), None);
    }
}
