//! Fields of bits in arrays of words, lowest first.

/// The `n_bits` (at most 32) from `offset`.
pub(crate) fn get(words: &[u32], offset: usize, n_bits: usize) -> u32 {
    let (word, bit) = (offset / 32, offset % 32);
    let low = u64::from(words[word]);
    let high = words.get(word + 1).copied().map_or(0, u64::from);
    let value = (low | high << 32) >> bit & ((1 << n_bits) - 1);
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Put the `n_bits` (at most 32) of `value` at `offset`.
pub(crate) fn put(words: &mut [u32], offset: usize, n_bits: usize, value: u32) {
    for bit in 0..n_bits {
        let (word, place) = ((offset + bit) / 32, (offset + bit) % 32);
        words[word] = words[word] & !(1 << place) | (value >> bit & 1) << place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_across_words() {
        let mut words = [u32::MAX; 3];
        put(&mut words, 20, 20, 0xABCDE);
        put(&mut words, 64, 32, 0x1234_5678);
        assert_eq!(get(&words, 20, 20), 0xABCDE);
        assert_eq!(get(&words, 64, 32), 0x1234_5678);
        // Neighbours are untouched.
        assert_eq!((get(&words, 0, 20), get(&words, 40, 24)), (0xF_FFFF, 0xFF_FFFF));
    }
}
