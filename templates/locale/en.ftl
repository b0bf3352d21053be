# Own pages, English. Short sentences; each page says what to do next.

error-title = Error: { $title }
support-label = Need help?
account-label = Account:
request-label = Request number:
password-label = Password
code-label = Code
continue = Continue
sign-in-again = Sign in again
your-account = Your sign-in
to-the-start = Go to the start page

sign-in-title = Sign in
sign-in-name = User name or e-mail
sign-in-wrong = The user name or the password is not right.
sign-in-forgotten = Forgotten your password? Ask an administrator for a new one.

arrived-title = Your browser did not keep the sign-in
arrived-text = Your details were right, but the cookie that keeps you signed in did not come back.
arrived-do = Allow cookies for this site, or use a window that keeps them, and sign in again.

gone-title = This sign-in is over
gone-text = It ran out, was finished in another tab, or your browser did not send its cookie.
gone-do = Sign in again. If this page comes back, allow cookies for this site.

ended-title = Too many wrong codes
ended-text = This sign-in was ended to protect the account.
ended-do = Check that the clock of your device is set automatically, then sign in again.

challenge-title = Enter your code
challenge-step-up = You are signed in. What you want to open asks for a fresh code.
challenge-lead = Open your authenticator app and enter the { $digits } digits it shows for this account.
challenge-time = You have ten minutes. After that, sign in again.
challenge-lost-title = Lost your authenticator?
challenge-lost-elsewhere = A backup code is not accepted here. To replace a lost authenticator, sign out and sign in with one.
challenge-lost-reset = Ask an administrator to reset multi-factor authentication for you. You then set it up anew at your next sign-in.
challenge-lost-support = If no administrator can help, ask support:
code-wrong =
    { $left ->
        [one] The code is not right. You have { $left } try left.
       *[other] The code is not right. You have { $left } tries left.
    }
code-used =
    { $left ->
        [one] This code was already used. Wait for the next code. You have { $left } try left.
       *[other] This code was already used. Wait for the next code. You have { $left } tries left.
    }

set-up-title = Set up multi-factor authentication
set-up-lead = From now on, signing in takes your password and a code from an app of yours.
set-up-password-lead = Enter your password once more, so that nobody else can set this up for you.
set-up-password-wrong = The password is not right.
set-up-app-title = Get an authenticator app
set-up-apps = Usual ones are Google Authenticator, Microsoft Authenticator, Authy, 1Password and Bitwarden. Any app for time-based codes will do.
set-up-apps-computer = The last two also work on a computer. The app needs no network to make codes.
set-up-scan-title = Scan the QR code with the app
set-up-qr = QR code; use the key below
set-up-key = Or enter this key in the app:
set-up-open = Or open it in an app on this device
set-up-secret = Show them to nobody. They are shown only until you have finished.
set-up-confirm-title = Enter a code
set-up-confirm = Enter the { $digits } digits that the app shows now.
set-up-button = Turn on
set-up-next-title = What happens next
set-up-next = Once the code is right, multi-factor authentication is on and you get backup codes to save; then you go on to where you were going. Other browsers in which you are signed in ask for a code at their next request.
set-up-time = You have ten minutes. After that, start again.
already-on-title = Already on
already-on-text = Multi-factor authentication is already on. Turn it off first to set it up again.
not-offered-title = Nothing to set up
not-offered-text = Multi-factor authentication is not offered to your account at present.

try-again = Try again
back = Back
held-title = Too many tries
held-seconds =
    { $seconds ->
        [one] Nothing was checked. Try again in { $seconds } second.
       *[other] Nothing was checked. Try again in { $seconds } seconds.
    }
held-minutes =
    { $minutes ->
        [one] Nothing was checked. Try again in { $minutes } minute.
       *[other] Nothing was checked. Try again in { $minutes } minutes.
    }
held-do = The wait grows with each wrong try. If the tries were not yours, tell an administrator.
locked-title = Locked
locked-text = There were too many wrong codes in a row, so no more of this kind are checked.
locked-do = Ask an administrator to unlock your account.

challenge-backup-title = Enter a backup code
challenge-backup-lead = Enter one of the backup codes that you saved. Each works once.
backup-code-label = Backup code
challenge-use-backup = Use a backup code
challenge-use-app = Use your authenticator app
remember-label =
    { $days ->
        [one] Do not ask for a code in this browser for { $days } day. Tick this only on a device that is yours.
       *[other] Do not ask for a code in this browser for { $days } days. Tick this only on a device that is yours.
    }
hint-clock-behind =
    { $minutes ->
        [one] The clock of your device is about { $minutes } minute behind. Set it to automatic, then enter a new code.
       *[other] The clock of your device is about { $minutes } minutes behind. Set it to automatic, then enter a new code.
    }
hint-clock-ahead =
    { $minutes ->
        [one] The clock of your device is about { $minutes } minute ahead. Set it to automatic, then enter a new code.
       *[other] The clock of your device is about { $minutes } minutes ahead. Set it to automatic, then enter a new code.
    }
hint-parameters = Your app ignores what the key asks for ({ $asked }). Use another app.

enrol-code-lead = Setting this up for your account takes a one-time code. An administrator gives it to you.
enrol-code-label = Enrolment code
enrol-code-wrong = The code is not right, or it ran out. Ask an administrator for a new one.

codes-title = Save your backup codes
codes-lead = Multi-factor authentication is on. If you lose your authenticator, one of these codes takes its place. Each works once. They are shown now and never again.
codes-label = Your backup codes
codes-copy = A click on the codes selects them all, to be copied. Your browser prints this page with the codes alone. Keep them apart from your password.
codes-download = Download the codes
codes-file = backup codes for { $name }
codes-saved-label = I have saved these codes
codes-not-ticked = Save the codes and tick that you have, then continue.
codes-next = You go on to where you were going. You have ten minutes; if you do not tick it, you get ten new codes after your next sign-in with your authenticator.
codes-over-title = These codes are not shown any more
codes-over-text = Backup codes are shown once. If you did not save them, make new ones.
codes-left =
    { $left ->
        [one] You have { $left } backup code left.
       *[other] You have { $left } backup codes left.
    }
codes-low = Make new ones soon.

new-codes-title = Make new backup codes
new-codes-lead = You get ten new codes. The old ones stop working at once.
replace-title = Replace your authenticator
replace-lead = You set up another authenticator in the place of the one you have.
replace-next = Once the new one is confirmed, the old one stops working, you are signed out everywhere else, and no browser is remembered. Your backup codes stay as they are.
disable-title = Turn off multi-factor authentication
disable-lead = Signing in will take your password alone. Your authenticator and your backup codes stop working, you are signed out everywhere else, and no browser is remembered.
disable-next = Your organisation may ask you to set it up again at once.
change-code-lead = Enter the { $digits } digits that your authenticator app shows now.
change-password-lead = Enter your password once more.
change-code-wrong = The code is not right.
change-code-used = This code was already used. Wait for the next code.
refused-title = Not in this session
refused-codes = You signed in with a backup code. Set up a new authenticator first, or sign in with the one you have; then you can make new codes.
refused-late = You signed in with a backup code more than 15 minutes ago. Sign in again to do this.
refused-disable = You signed in with a backup code, and with one it cannot be turned off. Replace your authenticator, or ask an administrator.
not-on-title = Not on
not-on-text = Multi-factor authentication is not on for your account.

index-by-backup = You signed in with a backup code. It cannot be used again.
index-lost = Have you lost your authenticator? For 15 minutes after signing in, your password is enough to replace it.
index-changes = Changes

index-title = Your sign-in
index-mfa-on = Multi-factor authentication is on.
index-mfa-off = Multi-factor authentication is not on.
sign-out-title = Sign out
sign-out-here = Sign out here
sign-out-here-note = Ends your sign-in in this browser.
sign-out-everywhere = Sign out everywhere
sign-out-everywhere-note = Ends your sign-in in every browser and on every device.
signed-out-title = You are signed out
signed-out-text = Nobody is signed in to this site in this browser.

denied-title = You may not open this
denied-rule = The rule “{ $rule }” refuses it.
denied-default = No rule allows it.
denied-exempt = It asks for a second factor, and your account is exempt from multi-factor authentication.
denied-method = It takes only second factors that you do not have, or have used up.
denied-method-do = Your account page shows what you have, and makes new backup codes.
denied-origin = The request did not come from a page of this site.
denied-do = If you need it, ask an administrator and name the rule and the request number.

fault-title = Sign-ins cannot be checked right now
fault-text = The fault is ours. Nothing was let through, and you stay signed in.
fault-do = Try again in a few seconds.

status-400-title = The request could not be understood
status-400-text = Go back, load the page again and repeat what you did.
status-403-title = Not from here
status-403-text = This page answers only when you open it yourself, and its forms only when they are sent from it. Go back, load the page again and repeat what you did.
status-404-title = There is no such page
status-404-text = Check the address, or go to the start page.
status-405-title = This does not work here
status-405-text = The address does not take this kind of request.
status-413-title = Too large
status-413-text = What was sent is larger than is taken here.
status-415-title = Not a form
status-415-text = The page takes nothing but its own form.
status-502-title = The application cannot be reached
status-502-text = You stay signed in. Try again in a few minutes.
status-504-title = The application did not answer in time
status-504-text = You stay signed in. Try again in a few minutes.

form-kept = What you sent is kept for ten minutes. Once you are signed in, you see it and decide whether it is sent.
form-too-large = What you sent was not kept: it is larger than 256 KB. Go back and copy what you need before you sign in.
form-kind = What you sent was not kept: it is not a form of a kind that can be kept. Go back and copy what you need before you sign in.
form-elsewhere = What was sent here was not kept: it did not come from a page of this site. Repeat it there after signing in.
form-too-many = What you sent was not kept: four forms already wait in this browser or from your network. Go back and copy what you need before you sign in.
form-full = What you sent was not kept: there is no room for more at present. Go back and copy what you need before you sign in.
form-failed = What you sent could not be kept; the fault is ours. Go back and copy what you need before you sign in.
form-title = Send the form?
form-lead = You sent this form before you were asked to sign in or for a code. It has not been sent on yet. Check it, then send it.
form-to = It goes to:
form-empty = The form has no fields.
form-hidden = not shown
form-bytes =
    { $bytes ->
        [one] { $bytes } byte
       *[other] { $bytes } bytes
    }
form-more =
    { $more ->
        [one] { $more } more field is sent and not shown here.
       *[other] { $more } more fields are sent and not shown here.
    }
form-unread =
    { $bytes ->
        [one] Its fields cannot be shown; it has { $bytes } byte.
       *[other] Its fields cannot be shown; it has { $bytes } bytes.
    }
form-send = Send
form-discard = Do not send
form-time = It is sent once. Ten minutes after you filled it in, it is deleted.
form-gone-title = There is nothing to send
form-gone-text = The form was sent already, was not to be sent, or its ten minutes are over. It is not sent again.
form-gone-do = If you are not sure, look in the application whether it has arrived.
form-other-title = The form was not sent
form-other-text = Somebody else filled it in. It was deleted, and nobody has seen it.
form-not-sent-title = The form was not sent yet
form-again-text = You have signed in again since the page was opened. Look at the form once more, then send it.
form-waits-text = The application could not be reached. The form is still kept; try again in a minute.
form-see = See the form
form-unsure-title = The application did not answer
form-unsure-text = The form was passed on, but there was no proper answer. Look in the application whether it has arrived before you fill it in again. It is not sent a second time.
form-waiting = A form that you filled in waits to be sent.
