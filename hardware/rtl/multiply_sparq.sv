// A windowed pair on one 8b×8b multiplier in two halves of b×8 bits, each with a shifter to its window's place.
module multiply_sparq #(
    parameter int BITS = 4,
    parameter int STEP = 1,
    parameter int LAST = 4,
    parameter int CODE_BITS = 3
) (
    input  logic        [     BITS-1:0] nibble0,
    input  logic        [     BITS-1:0] nibble1,
    input  logic        [CODE_BITS-1:0] code0,
    input  logic        [CODE_BITS-1:0] code1,
    input  logic        [          1:0] both,
    input  logic        [         15:0] weights,
    output logic signed [         16:0] product
);
    localparam int N_PLACES = LAST / STEP + 1;

    // A half whose nibble belongs to the partner takes the partner's weight.
    logic signed [7:0] w0, w1;
    assign w0 = both[1] ? weights[15:8] : weights[7:0];
    assign w1 = both[0] ? weights[7:0] : weights[15:8];

    logic signed [BITS+8:0] half0, half1;
    assign half0 = $signed({1'b0, nibble0}) * w0;
    assign half1 = $signed({1'b0, nibble1}) * w1;

    logic signed [16:0] placed0, placed1;
    always_comb begin
        placed0 = 17'(half0);
        placed1 = 17'(half1);
        for (int p = 1; p < N_PLACES; p = p + 1) begin
            if (code0 == p[CODE_BITS-1:0]) placed0 = 17'(half0) <<< (p * STEP);
            if (code1 == p[CODE_BITS-1:0]) placed1 = 17'(half1) <<< (p * STEP);
        end
    end
    assign product = placed0 + placed1;
endmodule
