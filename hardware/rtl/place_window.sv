// The window of one operand: the smallest allowed shift that still covers the leading one, and the bits kept there.
module place_window #(
    parameter int BITS = 4,
    parameter int STEP = 1,
    parameter int LAST = 4,
    parameter int CODE_BITS = 3,
    parameter int ROUND = 1
) (
    input  logic [          7:0] operand,
    output logic [     BITS-1:0] kept,
    output logic [CODE_BITS-1:0] code
);
    localparam int N_PLACES = LAST / STEP + 1;

    // Place i is taken if the operand does not fit place i - 1.
    logic [N_PLACES*BITS-1:0] kept_at;
    logic [N_PLACES-1:0] overflows;
    genvar i;
    generate
        for (i = 0; i < N_PLACES; i = i + 1) begin : g_place
            localparam int SHIFT = i * STEP;
            logic [BITS-1:0] bits;
            assign bits = operand[SHIFT+:BITS];
            if (SHIFT + BITS < 8) begin : g_top
                assign overflows[i] = |operand[7:SHIFT+BITS];
            end else begin : g_last
                assign overflows[i] = 1'b0;
            end
            if (ROUND != 0 && SHIFT != 0) begin : g_round
                logic up, below;
                if (SHIFT > 1) begin : g_below
                    assign below = |operand[SHIFT-2:0];
                end else begin : g_no_below
                    assign below = 1'b0;
                end
                assign up = operand[SHIFT-1] & (operand[SHIFT] | below) & ~(&bits);
                assign kept_at[BITS*i+:BITS] = bits + {{(BITS - 1) {1'b0}}, up};
            end else begin : g_trim
                assign kept_at[BITS*i+:BITS] = bits;
            end
        end
    endgenerate

    always_comb begin
        kept = kept_at[BITS-1:0];
        code = '0;
        for (int p = 1; p < N_PLACES; p = p + 1) begin
            if (overflows[p-1]) begin
                kept = kept_at[BITS*p+:BITS];
                code = p[CODE_BITS-1:0];
            end
        end
    end
endmodule
