# Own pages, German.

error-title = Fehler: { $title }
support-label = Brauchen Sie Hilfe?
account-label = Konto:
request-label = Nummer der Anfrage:
password-label = Passwort
code-label = Code
continue = Weiter
sign-in-again = Neu anmelden
your-account = Ihre Anmeldung
to-the-start = Zur Startseite

sign-in-title = Anmelden
sign-in-name = Benutzername oder E-Mail
sign-in-wrong = Benutzername oder Passwort ist nicht richtig.
sign-in-forgotten = Passwort vergessen? Bitten Sie eine Administratorin oder einen Administrator um ein neues.

arrived-title = Ihr Browser hat die Anmeldung nicht behalten
arrived-text = Ihre Angaben waren richtig, aber das Cookie, mit dem Sie angemeldet bleiben, kam nicht zurück.
arrived-do = Erlauben Sie Cookies für diese Website oder nehmen Sie ein Fenster, das sie behält, und melden Sie sich neu an.

gone-title = Diese Anmeldung ist vorbei
gone-text = Sie ist abgelaufen, wurde in einem anderen Tab beendet, oder Ihr Browser hat ihr Cookie nicht geschickt.
gone-do = Melden Sie sich neu an. Kommt diese Seite wieder, erlauben Sie Cookies für diese Website.

ended-title = Zu viele falsche Codes
ended-text = Diese Anmeldung wurde zum Schutz des Kontos beendet.
ended-do = Prüfen Sie, ob sich die Uhr Ihres Geräts automatisch stellt, und melden Sie sich dann neu an.

challenge-title = Code eingeben
challenge-step-up = Sie sind angemeldet. Was Sie öffnen möchten, verlangt einen neuen Code.
challenge-lead = Öffnen Sie Ihre Authenticator-App und geben Sie die { $digits } Ziffern ein, die sie für dieses Konto zeigt.
challenge-time = Sie haben zehn Minuten. Danach melden Sie sich neu an.
challenge-lost-title = Authenticator verloren?
challenge-lost-elsewhere = Ein Backup-Code gilt hier nicht. Um einen verlorenen Authenticator zu ersetzen, melden Sie sich ab und mit einem solchen Code neu an.
challenge-lost-reset = Bitten Sie die Administration, Ihre Mehr-Faktor-Authentifizierung zurückzusetzen. Bei der nächsten Anmeldung richten Sie sie neu ein.
challenge-lost-support = Wenn dort niemand helfen kann, fragen Sie den Support:
code-wrong =
    { $left ->
        [one] Der Code ist nicht richtig. Sie haben noch { $left } Versuch.
       *[other] Der Code ist nicht richtig. Sie haben noch { $left } Versuche.
    }
code-used =
    { $left ->
        [one] Dieser Code wurde schon benutzt. Warten Sie auf den nächsten. Sie haben noch { $left } Versuch.
       *[other] Dieser Code wurde schon benutzt. Warten Sie auf den nächsten. Sie haben noch { $left } Versuche.
    }

set-up-title = Mehr-Faktor-Authentifizierung einrichten
set-up-lead = Von nun an melden Sie sich mit Ihrem Passwort und einem Code aus einer App an.
set-up-password-lead = Geben Sie Ihr Passwort noch einmal ein, damit niemand anderes dies für Sie einrichtet.
set-up-password-wrong = Das Passwort ist nicht richtig.
set-up-app-title = Authenticator-App besorgen
set-up-apps = Üblich sind Google Authenticator, Microsoft Authenticator, Authy, 1Password und Bitwarden. Jede App für zeitbasierte Codes ist recht.
set-up-apps-computer = Die letzten zwei laufen auch auf einem Computer. Für die Codes braucht die App kein Netz.
set-up-scan-title = QR-Code mit der App scannen
set-up-qr = QR-Code; nehmen Sie sonst den Schlüssel darunter
set-up-key = Oder geben Sie diesen Schlüssel in die App ein:
set-up-open = Oder in einer App auf diesem Gerät öffnen
set-up-secret = Zeigen Sie beides niemandem. Es ist nur zu sehen, bis Sie fertig sind.
set-up-confirm-title = Einen Code eingeben
set-up-confirm = Geben Sie die { $digits } Ziffern ein, die die App jetzt zeigt.
set-up-button = Einschalten
set-up-next-title = Wie es weitergeht
set-up-next = Ist der Code richtig, ist die Mehr-Faktor-Authentifizierung eingeschaltet, und Sie bekommen Backup-Codes zum Aufbewahren; dann kommen Sie dorthin, wohin Sie wollten. Andere Browser, in denen Sie angemeldet sind, fragen bei der nächsten Anfrage nach einem Code.
set-up-time = Sie haben zehn Minuten. Danach beginnen Sie neu.
already-on-title = Schon eingeschaltet
already-on-text = Die Mehr-Faktor-Authentifizierung ist schon eingeschaltet. Schalten Sie sie zuerst aus, um sie neu einzurichten.
not-offered-title = Nichts einzurichten
not-offered-text = Für Ihr Konto wird die Mehr-Faktor-Authentifizierung zurzeit nicht angeboten.

try-again = Noch einmal versuchen
back = Zurück
held-title = Zu viele Versuche
held-seconds =
    { $seconds ->
        [one] Es wurde nichts geprüft. Versuchen Sie es in { $seconds } Sekunde noch einmal.
       *[other] Es wurde nichts geprüft. Versuchen Sie es in { $seconds } Sekunden noch einmal.
    }
held-minutes =
    { $minutes ->
        [one] Es wurde nichts geprüft. Versuchen Sie es in { $minutes } Minute noch einmal.
       *[other] Es wurde nichts geprüft. Versuchen Sie es in { $minutes } Minuten noch einmal.
    }
held-do = Mit jedem falschen Versuch wird die Wartezeit länger. Wenn die Versuche nicht von Ihnen sind, sagen Sie es der Administration.
locked-title = Gesperrt
locked-text = Es gab zu viele falsche Codes hintereinander; darum werden keine dieser Art mehr geprüft.
locked-do = Bitten Sie die Administration, Ihr Konto zu entsperren.

challenge-backup-title = Backup-Code eingeben
challenge-backup-lead = Geben Sie einen der Backup-Codes ein, die Sie aufbewahrt haben. Jeder gilt einmal.
backup-code-label = Backup-Code
challenge-use-backup = Einen Backup-Code benutzen
challenge-use-app = Die Authenticator-App benutzen
remember-label =
    { $days ->
        [one] In diesem Browser { $days } Tag lang nicht nach einem Code fragen. Nur auf einem Gerät, das Ihnen gehört.
       *[other] In diesem Browser { $days } Tage lang nicht nach einem Code fragen. Nur auf einem Gerät, das Ihnen gehört.
    }
hint-clock-behind =
    { $minutes ->
        [one] Die Uhr Ihres Geräts geht etwa { $minutes } Minute nach. Lassen Sie sie automatisch stellen und geben Sie dann einen neuen Code ein.
       *[other] Die Uhr Ihres Geräts geht etwa { $minutes } Minuten nach. Lassen Sie sie automatisch stellen und geben Sie dann einen neuen Code ein.
    }
hint-clock-ahead =
    { $minutes ->
        [one] Die Uhr Ihres Geräts geht etwa { $minutes } Minute vor. Lassen Sie sie automatisch stellen und geben Sie dann einen neuen Code ein.
       *[other] Die Uhr Ihres Geräts geht etwa { $minutes } Minuten vor. Lassen Sie sie automatisch stellen und geben Sie dann einen neuen Code ein.
    }
hint-parameters = Ihre App beachtet nicht, was der Schlüssel verlangt ({ $asked }). Nehmen Sie eine andere App.

enrol-code-lead = Das Einrichten braucht für Ihr Konto einen einmaligen Code. Sie bekommen ihn von der Administration.
enrol-code-label = Einrichtungscode
enrol-code-wrong = Der Code ist nicht richtig oder abgelaufen. Bitten Sie die Administration um einen neuen.

codes-title = Backup-Codes aufbewahren
codes-lead = Die Mehr-Faktor-Authentifizierung ist eingeschaltet. Verlieren Sie Ihren Authenticator, tritt einer dieser Codes an seine Stelle. Jeder gilt einmal. Sie sind jetzt zu sehen und dann nie wieder.
codes-label = Ihre Backup-Codes
codes-copy = Ein Klick auf die Codes markiert alle, zum Kopieren. Ihr Browser druckt von dieser Seite nur die Codes. Bewahren Sie sie getrennt von Ihrem Passwort auf.
codes-download = Codes herunterladen
codes-file = Backup-Codes für { $name }
codes-saved-label = Ich habe diese Codes aufbewahrt
codes-not-ticked = Bewahren Sie die Codes auf und setzen Sie das Häkchen; dann geht es weiter.
codes-next = Sie kommen dorthin, wohin Sie wollten. Sie haben zehn Minuten; ohne Häkchen bekommen Sie nach der nächsten Anmeldung mit Ihrem Authenticator zehn neue Codes.
codes-over-title = Diese Codes sind nicht mehr zu sehen
codes-over-text = Backup-Codes sind einmal zu sehen. Haben Sie sie nicht aufbewahrt, machen Sie neue.
codes-left =
    { $left ->
        [one] Sie haben noch { $left } Backup-Code.
       *[other] Sie haben noch { $left } Backup-Codes.
    }
codes-low = Machen Sie bald neue.

new-codes-title = Neue Backup-Codes machen
new-codes-lead = Sie bekommen zehn neue Codes. Die alten gelten sofort nicht mehr.
replace-title = Authenticator ersetzen
replace-lead = Sie richten einen anderen Authenticator an der Stelle des jetzigen ein.
replace-next = Ist der neue bestätigt, gilt der alte nicht mehr, Sie sind überall sonst abgemeldet, und kein Browser wird mehr erkannt. Ihre Backup-Codes bleiben, wie sie sind.
disable-title = Mehr-Faktor-Authentifizierung ausschalten
disable-lead = Zur Anmeldung reicht dann Ihr Passwort. Authenticator und Backup-Codes gelten nicht mehr, Sie sind überall sonst abgemeldet, und kein Browser wird mehr erkannt.
disable-next = Ihre Organisation kann sofort wieder verlangen, dass Sie sie einrichten.
change-code-lead = Geben Sie die { $digits } Ziffern ein, die Ihre Authenticator-App jetzt zeigt.
change-password-lead = Geben Sie Ihr Passwort noch einmal ein.
change-code-wrong = Der Code ist nicht richtig.
change-code-used = Dieser Code wurde schon benutzt. Warten Sie auf den nächsten.
refused-title = Nicht in dieser Sitzung
refused-codes = Sie haben sich mit einem Backup-Code angemeldet. Richten Sie erst einen neuen Authenticator ein, oder melden Sie sich mit dem jetzigen an; dann können Sie neue Codes machen.
refused-late = Sie haben sich vor mehr als 15 Minuten mit einem Backup-Code angemeldet. Melden Sie sich dafür neu an.
refused-disable = Sie haben sich mit einem Backup-Code angemeldet; damit lässt sie sich nicht ausschalten. Ersetzen Sie Ihren Authenticator, oder fragen Sie die Administration.
not-on-title = Nicht eingeschaltet
not-on-text = Die Mehr-Faktor-Authentifizierung ist für Ihr Konto nicht eingeschaltet.

index-by-backup = Sie haben sich mit einem Backup-Code angemeldet. Er gilt nicht noch einmal.
index-lost = Authenticator verloren? 15 Minuten lang nach der Anmeldung reicht Ihr Passwort, um ihn zu ersetzen.
index-changes = Änderungen

index-title = Ihre Anmeldung
index-mfa-on = Die Mehr-Faktor-Authentifizierung ist eingeschaltet.
index-mfa-off = Die Mehr-Faktor-Authentifizierung ist nicht eingeschaltet.
sign-out-title = Abmelden
sign-out-here = Hier abmelden
sign-out-here-note = Beendet Ihre Anmeldung in diesem Browser.
sign-out-everywhere = Überall abmelden
sign-out-everywhere-note = Beendet Ihre Anmeldung in jedem Browser und auf jedem Gerät.
signed-out-title = Sie sind abgemeldet
signed-out-text = In diesem Browser ist niemand bei dieser Website angemeldet.

denied-title = Das dürfen Sie nicht öffnen
denied-rule = Die Regel „{ $rule }“ lässt es nicht zu.
denied-default = Keine Regel erlaubt es.
denied-exempt = Verlangt wird ein zweiter Faktor, aber Ihr Konto ist von der Mehr-Faktor-Authentifizierung ausgenommen.
denied-method = Verlangt wird ein zweiter Faktor, den Sie nicht haben oder aufgebraucht haben.
denied-method-do = Auf Ihrer Kontoseite sehen Sie, was Sie haben, und erhalten neue Backup-Codes.
denied-origin = Die Anfrage kam nicht von einer Seite dieser Website.
denied-do = Wenn Sie es brauchen, fragen Sie die Administration und nennen Sie die Regel und die Nummer der Anfrage.

fault-title = Anmeldungen können gerade nicht geprüft werden
fault-text = Der Fehler liegt bei uns. Nichts wurde durchgelassen, und Sie bleiben angemeldet.
fault-do = Versuchen Sie es in einigen Sekunden wieder.

status-400-title = Die Anfrage war nicht zu verstehen
status-400-text = Gehen Sie zurück, laden Sie die Seite neu und wiederholen Sie den Schritt.
status-403-title = Nicht von hier aus
status-403-text = Diese Seite antwortet nur, wenn Sie sie selbst öffnen, und ihre Formulare nur, wenn sie von ihr kommen. Gehen Sie zurück, laden Sie die Seite neu und wiederholen Sie den Schritt.
status-404-title = Diese Seite gibt es nicht
status-404-text = Prüfen Sie die Adresse oder gehen Sie zur Startseite.
status-405-title = Das geht hier nicht
status-405-text = Diese Adresse nimmt Anfragen dieser Art nicht an.
status-413-title = Zu groß
status-413-text = Was gesendet wurde, ist größer, als hier angenommen wird.
status-415-title = Kein Formular
status-415-text = Die Seite nimmt nur ihr eigenes Formular an.
status-502-title = Die Anwendung ist nicht zu erreichen
status-502-text = Sie bleiben angemeldet. Versuchen Sie es in einigen Minuten wieder.
status-504-title = Die Anwendung hat nicht rechtzeitig geantwortet
status-504-text = Sie bleiben angemeldet. Versuchen Sie es in einigen Minuten wieder.

form-kept = Was Sie abgeschickt haben, wird zehn Minuten aufbewahrt. Nach der Anmeldung sehen Sie es und entscheiden, ob es gesendet wird.
form-too-large = Was Sie abgeschickt haben, wurde nicht aufbewahrt: Es ist größer als 256 KB. Gehen Sie zurück und kopieren Sie, was Sie brauchen, bevor Sie sich anmelden.
form-kind = Was Sie abgeschickt haben, wurde nicht aufbewahrt: Diese Art von Formular kann nicht aufbewahrt werden. Gehen Sie zurück und kopieren Sie, was Sie brauchen, bevor Sie sich anmelden.
form-elsewhere = Was hierher geschickt wurde, wurde nicht aufbewahrt: Es kam nicht von einer Seite dieser Website. Wiederholen Sie es dort nach der Anmeldung.
form-too-many = Was Sie abgeschickt haben, wurde nicht aufbewahrt: In diesem Browser oder aus Ihrem Netz warten schon vier Formulare. Gehen Sie zurück und kopieren Sie, was Sie brauchen, bevor Sie sich anmelden.
form-full = Was Sie abgeschickt haben, wurde nicht aufbewahrt: Zurzeit ist kein Platz mehr. Gehen Sie zurück und kopieren Sie, was Sie brauchen, bevor Sie sich anmelden.
form-failed = Was Sie abgeschickt haben, konnte nicht aufbewahrt werden; der Fehler liegt bei uns. Gehen Sie zurück und kopieren Sie, was Sie brauchen, bevor Sie sich anmelden.
form-title = Formular senden?
form-lead = Sie haben dieses Formular abgeschickt, bevor Anmeldung oder Code verlangt wurden. Es ist noch nicht weitergegeben. Prüfen Sie es und senden Sie es dann.
form-to = Es geht an:
form-empty = Das Formular hat keine Felder.
form-hidden = nicht angezeigt
form-bytes =
    { $bytes ->
        [one] { $bytes } Byte
       *[other] { $bytes } Byte
    }
form-more =
    { $more ->
        [one] { $more } weiteres Feld wird gesendet und hier nicht angezeigt.
       *[other] { $more } weitere Felder werden gesendet und hier nicht angezeigt.
    }
form-unread =
    { $bytes ->
        [one] Seine Felder lassen sich nicht anzeigen; es hat { $bytes } Byte.
       *[other] Seine Felder lassen sich nicht anzeigen; es hat { $bytes } Byte.
    }
form-send = Senden
form-discard = Nicht senden
form-time = Es wird einmal gesendet. Zehn Minuten nach dem Ausfüllen wird es gelöscht.
form-gone-title = Es gibt nichts zu senden
form-gone-text = Das Formular wurde schon gesendet, sollte nicht gesendet werden, oder seine zehn Minuten sind vorbei. Es wird nicht noch einmal gesendet.
form-gone-do = Wenn Sie nicht sicher sind, sehen Sie in der Anwendung nach, ob es angekommen ist.
form-other-title = Das Formular wurde nicht gesendet
form-other-text = Jemand anderes hat es ausgefüllt. Es wurde gelöscht, und niemand hat es gesehen.
form-not-sent-title = Das Formular wurde noch nicht gesendet
form-again-text = Sie haben sich neu angemeldet, seit die Seite geöffnet wurde. Sehen Sie das Formular noch einmal an und senden Sie es dann.
form-waits-text = Die Anwendung ist nicht erreichbar. Das Formular wird weiter aufbewahrt; versuchen Sie es in einer Minute noch einmal.
form-see = Formular ansehen
form-unsure-title = Die Anwendung hat nicht geantwortet
form-unsure-text = Das Formular wurde weitergegeben, aber es kam keine ordentliche Antwort. Sehen Sie in der Anwendung nach, ob es angekommen ist, bevor Sie es noch einmal ausfüllen. Es wird kein zweites Mal gesendet.
form-waiting = Ein Formular, das Sie ausgefüllt haben, wartet darauf, gesendet zu werden.
