//! The arithmetic of the processing elements, rule by rule.

mod lanes;
mod nbsmt_rules;
mod sparq_windows;
