-- What a person does in a headless Neovim, after the settings of the documentation: look, mend, ask, choose a lens, plan.
-- Writes what was seen, as JSON, into the file that PERSON_SAW names; a step that never comes ends the editor with an error.

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

-- Neovim asks which of several fixes or lenses is meant; the person takes the first, or what is wanted by name.
local offered, wanted
vim.ui.select = function(items, options, choose)
  offered = vim.tbl_map(options.format_item or tostring, items)
  for number, title in ipairs(offered) do
    if wanted == nil or title == wanted then
      return choose(items[number], number)
    end
  end
end

local shown = {}
local show = vim.lsp.handlers["window/showMessage"]
vim.lsp.handlers["window/showMessage"] = function(failure, result, ...)
  table.insert(shown, result.message)
  return show(failure, result, ...)
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
saw.offered = offered
saw.text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")

vim.cmd('Caliban expand {"file": "experiment.json"}')
wait_for("what the command says", function()
  return #notes > 0
end)
saw.notes = notes

-- The lenses are written where they belong; the person goes there and chooses two of them.
vim.api.nvim_exec_autocmds("CursorHold", {})
wait_for("the lenses", function()
  return #vim.lsp.codelens.get(0) > 0
end)
for _, title in ipairs({ "Expand", "Dry run" }) do
  wanted = title
  local before = #shown
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.lsp.codelens.run()
  wait_for("what the lens " .. title .. " does", function()
    return #shown > before
  end)
end
saw.lenses = offered
saw.shown = shown

local plan = vim.lsp.buf_request_sync(0, "workspace/executeCommand", {
  command = "caliban-ls.plan",
  arguments = { { uri = vim.uri_from_bufnr(0), label = { "by=person" } } },
}, 60000)
for _, answer in pairs(plan or {}) do
  saw.plan = answer.result or answer
end

vim.fn.writefile({ vim.fn.json_encode(saw) }, vim.env.PERSON_SAW)
vim.cmd("qall!")
