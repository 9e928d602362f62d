//! Cell libraries, netlists, and the command.

mod command;
mod liberty;
mod library;
mod netlist;
mod tables;
