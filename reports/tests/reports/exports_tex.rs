//! Tables for papers.

use std::convert::Infallible;
use std::io;

use reports::export::{self, ExportError, Format, MAX_TEX_ROWS, Origin, Selection, Table};
use reports::frame::{Column, ColumnType, Value};

use crate::exports::{all, exported, provenance, stored_run};

#[test]
fn latex_of_a_run() {
    let text = String::from_utf8(exported(&stored_run(), Table::Layers, Format::Tex)).unwrap();
    // The hash is that of the record, which names the program's version.
    let hash = text
        .split("BLAKE3 ")
        .nth(1)
        .and_then(|rest| rest.get(..64))
        .unwrap();
    insta::assert_snapshot!(text.replace(hash, "HASH"), @r"
    % sysmt run RUN.toml; sysmt 0.1.0; BLAKE3 HASH
    % all rows: design = RUN
    % in the preamble: \usepackage{booktabs}
    \begin{tabular}{lrrrrrrr}
    \toprule
    Layer & Layer threads & Cycles & Speed-up & Utilization (\%) & Relative MSE & SNR (dB) & Energy (nJ) \\
    \midrule
    stage0/conv, 0\textbar{}x & 2 & 46 & 1.870 & 67.7 & 0 & -- & 1.045 \\
    stage0/conv, 1\textbar{}x & 2 & 60 & 1.867 & 59.0 & $1.00\times10^{-5}$ & 50.0 & 1.281 \\
    stage0/conv, 2\textbar{}x & 2 & 74 & 1.865 & 49.6 & $2.00\times10^{-4}$ & 37.0 & 1.462 \\
    \bottomrule
    \end{tabular}
    ");
}

#[test]
fn latex_of_chosen_columns_has_all_of_them() {
    let text = String::from_utf8(all(Format::Tex)).unwrap();
    insta::assert_snapshot!(text, @r"
    % sysmt run a b.toml; sysmt 0.1.0; BLAKE3 00ff
    % some operands are synthetic: zeros that no image has
    % in the preamble: \usepackage{booktabs}
    \begin{tabular}{rlrl}
    \toprule
    Threads & words, all & Energy (pJ) & good \\
    \midrule
    9,223,372,036,854,775,809 & a,{''}b{''}  c\_1 \& 50 \% \#2 \$x \{y\} \textasciitilde{}\textasciicircum{}\textbackslash{} 4$\times$4 $\mu$m$^{2}$ & 0.300 & true \\
    -- & -- & -- & -- \\
    0 &  & 0.000 & false \\
    18,446,744,073,709,551,615 & x & NaN & -- \\
    -- & -- & $-\infty$ & -- \\
    \bottomrule
    \end{tabular}
    ");
}

#[test]
fn latex_leaves_out_what_says_nothing() {
    let stored = stored_run();
    let text = String::from_utf8(exported(&stored, Table::Points, Format::Tex)).unwrap();
    assert!(!text.contains("Top-1"), "{text}");
    // The only row keeps its name.
    assert!(text.contains("Design"), "{text}");
    let layers = String::from_utf8(exported(&stored, Table::Layers, Format::Tex)).unwrap();
    assert!(
        layers.contains("% all rows: design = ") && !layers.contains("Design"),
        "{layers}"
    );
}

#[test]
fn a_table_longer_than_a_page_is_refused() {
    let provenance = provenance();
    let origin = Origin {
        axes: &[],
        synthetic: false,
        warnings: &[],
        provenance: &provenance,
    };
    let columns = [Column::new("index", ColumnType::Count)];
    let write = |n_rows: usize| {
        let rows = (0..n_rows).map(|_| Ok::<_, Infallible>(vec![Value::Count(1)]));
        export::write(Format::Tex, &Selection::all(&columns), &origin, rows, io::sink())
    };
    write(MAX_TEX_ROWS).unwrap();
    assert!(matches!(write(MAX_TEX_ROWS + 1), Err(ExportError::TooLong)));
}
