//! Energy and area from counters and technology tables.
