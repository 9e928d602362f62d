// One thread: an exact product of 8 by 8 bits.
module multiply_1t (
    input  logic        [ 7:0] activation,
    input  logic        [ 7:0] weight,
    output logic signed [15:0] product
);
    logic signed [17:0] full;
    assign full = $signed({1'b0, activation}) * $signed({weight[7], weight});
    // 255 · -128 fits sixteen bits.
    assign product = full[15:0];

    logic unused;
    assign unused = &{1'b0, full[17:16]};
endmodule
