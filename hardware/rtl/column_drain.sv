// The drain of one column: R cycles from the one after its bottom PE has finished a tile.
module column_drain #(
    parameter int ROWS = 4
) (
    input  logic clk,
    input  logic rst,
    input  logic bottom_finishes,
    input  logic bottom_parity,
    output logic drain,
    output logic drain_parity,
    output logic last_leaves
);
    localparam int COUNT_BITS = $clog2(ROWS + 1);
    logic [COUNT_BITS-1:0] n_left;

    assign drain = n_left != '0;
    assign last_leaves = n_left == COUNT_BITS'(1);
    always_ff @(posedge clk) begin
        if (rst) n_left <= '0;
        else if (bottom_finishes) n_left <= COUNT_BITS'(ROWS);
        else if (drain) n_left <= n_left - COUNT_BITS'(1);
        if (bottom_finishes) drain_parity <= bottom_parity;
    end
endmodule
