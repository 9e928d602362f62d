// SPARQ's window logic: a pair of 8-bit activations to two nibbles with the places where they stand.
//
// BITS        bits a window keeps: 4, 3 or 2.
// STEP, LAST  allowed shifts are 0, STEP, 2·STEP … LAST; a shift is carried as its number of steps.
// ROUND       1 rounds the bits below half to even, saturating in the window; 0 drops them.
// PAIRS       1 lets an activation whose partner is zero use both nibbles.
//
// `both[i]`: both nibbles belong to activation i, the high one first.
module sparq_window #(
    parameter int BITS = 4,
    parameter int STEP = 1,
    parameter int LAST = 4,
    parameter int CODE_BITS = 3,
    parameter int ROUND = 1,
    parameter int PAIRS = 1
) (
    input  logic [            15:0] activations,
    output logic [        BITS-1:0] nibble0,
    output logic [        BITS-1:0] nibble1,
    output logic [   CODE_BITS-1:0] code0,
    output logic [   CODE_BITS-1:0] code1,
    output logic [             1:0] both
);
    logic [7:0] x0, x1;
    assign {x1, x0} = activations;

    logic [BITS-1:0] own0, own1;
    logic [CODE_BITS-1:0] own_code0, own_code1;
    place_window #(
        .BITS(BITS),
        .STEP(STEP),
        .LAST(LAST),
        .CODE_BITS(CODE_BITS),
        .ROUND(ROUND)
    ) u_place_0 (
        .operand(x0),
        .kept(own0),
        .code(own_code0)
    );
    place_window #(
        .BITS(BITS),
        .STEP(STEP),
        .LAST(LAST),
        .CODE_BITS(CODE_BITS),
        .ROUND(ROUND)
    ) u_place_1 (
        .operand(x1),
        .kept(own1),
        .code(own_code1)
    );

    generate
        if (PAIRS != 0) begin : g_pairs
            // One of the two is zero, so their bitwise or is the other.
            logic [7:0] x;
            logic is_alone;
            assign x = x0 | x1;
            assign is_alone = ~(|x0) | ~(|x1);
            assign both = {is_alone & (|x1), is_alone & ~(|x1)};

            // Twice the bits, standing at shifts 0 … 8 - 2·BITS, or where b = 2 may stand with four bits.
            localparam int LAST_DOUBLE = 8 - 2 * BITS;
            logic [2*BITS-1:0] double_kept;
            logic [2:0] double_shift;
            place_window #(
                .BITS(2 * BITS),
                .STEP(1),
                .LAST(LAST_DOUBLE),
                .CODE_BITS(3),
                .ROUND(ROUND)
            ) u_place_double (
                .operand(x),
                .kept(double_kept),
                .code(double_shift)
            );
            if (BITS == 4) begin : g_exact
                // The two nibbles of the exact operand stand at 4 and 0.
                localparam int FOUR = 4 / STEP;
                assign code0 = is_alone ? FOUR[CODE_BITS-1:0] : own_code0;
                assign code1 = is_alone ? '0 : own_code1;
                logic unused;
                assign unused = &{1'b0, double_shift};
            end else begin : g_wider
                assign code0 = is_alone ? double_shift + BITS[2:0] : own_code0;
                assign code1 = is_alone ? double_shift : own_code1;
            end
            assign nibble0 = is_alone ? double_kept[2*BITS-1:BITS] : own0;
            assign nibble1 = is_alone ? double_kept[BITS-1:0] : own1;
        end else begin : g_alone
            assign both = 2'b00;
            assign nibble0 = own0;
            assign nibble1 = own1;
            assign code0 = own_code0;
            assign code1 = own_code1;
        end
    endgenerate
endmodule
