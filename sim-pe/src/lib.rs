//! Arithmetic of the processing elements, one step at a time.
