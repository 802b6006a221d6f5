;; What a person does in Emacs, whichever client speaks with the server: look, mend, ask. Writes what was seen, as
;; JSON, into the file that PERSON_SAW names; a step that never comes ends Emacs with an error.

(require 'json)
(require 'cl-lib)

(defun person-wait (what condition)
  "Wait for a minute until CONDITION holds; WHAT it is about stands in the error otherwise."
  (let ((tries 600))
    (while (not (funcall condition))
      (when (zerop (setq tries (1- tries)))
        (message "It never came: %s" what)
        (kill-emacs 3))
      (accept-process-output nil 0.1))))

(defun person-eglot ()
  "Work with Eglot."
  (run-hooks 'post-command-hook)        ; without a keyboard there is no command to run after
  (person-wait "the server" #'eglot-current-server)
  (person-wait "a finding" (lambda () (flymake-start) (flymake-diagnostics)))
  (let ((found (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))
        offered)
    (goto-char (flymake-diagnostic-beg (car (flymake-diagnostics))))
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_prompt options &rest _)
                 (setq offered (mapcar #'car options))
                 (caar options))))
      (let ((eglot-confirm-server-initiated-edits nil)
            (last-nonmenu-event t))
        (eglot-code-actions (point) (point) nil t)))
    (eglot--signal-textDocument/didChange) ; as Eglot does half a second after the last key
    (person-wait "no finding any more" (lambda () (flymake-start) (null (flymake-diagnostics))))
    (list :found found :offered offered :text (buffer-string)
          :answer (eval (read (getenv "PERSON_CALL"))))))

(defun person-lsp-mode ()
  "Work with lsp-mode."
  (let (found offered)
    (person-wait "a finding"
                 (lambda ()
                   (maphash (lambda (_file these) (setq found (append these nil))) (lsp-diagnostics))
                   found))
    (goto-char (lsp--position-to-point (lsp-get (lsp-get (car found) :range) :start)))
    (setq offered (lsp-code-actions-at-point))
    (lsp-execute-code-action (car offered))
    (list :found (mapcar (lambda (one) (lsp-get one :message)) found)
          :offered (mapcar (lambda (one) (lsp-get one :title)) offered)
          :text (buffer-string)
          :answer (lsp-send-execute-command "caliban-ls.expand" [(:file "experiment.json")]))))

(setq lsp-auto-guess-root t
      lsp-enable-snippet nil
      lsp-restart 'ignore
      lsp-diagnostics-provider :none
      lsp-session-file (expand-file-name "lsp-session" (getenv "HOME")))
(load (getenv "PERSON_SETTINGS"))
(find-file "experiment.json")
(let ((saw (funcall (intern (getenv "PERSON_CLIENT")))))
  (with-temp-file (getenv "PERSON_SAW")
    (insert (json-encode saw))))
(set-buffer-modified-p nil)
(kill-emacs 0)
