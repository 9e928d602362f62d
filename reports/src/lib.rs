//! Tables, figures and result folders made from records.
