// The page of a plan, in its own sandbox: it shows what it is sent, and says what was pressed.
export {};
