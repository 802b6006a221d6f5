-- What a person does in a headless Neovim, after the settings of the documentation: look, mend, ask. Writes what was
-- seen, as JSON, into the file that PERSON_SAW names; a step that never comes ends the editor with an error.

local saw = {}

local function wait_for(what, condition)
  if not vim.wait(60000, condition, 20) then
    io.stderr:write("It never came: " .. what .. "\n")
    vim.cmd("cquit")
  end
end

local function findings()
  return vim.tbl_map(function(found)
    return { code = found.code, line = found.lnum, column = found.col, message = found.message }
  end, vim.diagnostic.get(0))
end

-- Neovim asks which of several fixes is meant; the person takes the first.
vim.ui.select = function(items, options, choose)
  saw.offered = vim.tbl_map(options.format_item or tostring, items)
  choose(items[1], 1)
end

local notes = {}
vim.notify = function(message)
  table.insert(notes, message)
end

wait_for("a finding", function()
  return #vim.diagnostic.get(0) > 0
end)
saw.before = findings()

vim.api.nvim_win_set_cursor(0, { saw.before[1].line + 1, saw.before[1].column })
vim.lsp.buf.code_action()
wait_for("the fix", function()
  return vim.bo.modified
end)
wait_for("no finding any more", function()
  return #vim.diagnostic.get(0) == 0
end)
saw.text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")

vim.cmd('Caliban expand {"file": "experiment.json"}')
wait_for("what the command says", function()
  return #notes > 0
end)
saw.notes = notes

vim.fn.writefile({ vim.fn.json_encode(saw) }, vim.env.PERSON_SAW)
vim.cmd("qall!")
