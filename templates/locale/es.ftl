# Own pages, Spanish.

error-title = Error: { $title }
support-label = ¿Necesita ayuda?
account-label = Cuenta:
request-label = Número de la solicitud:
password-label = Contraseña
code-label = Código
continue = Continuar
sign-in-again = Iniciar sesión de nuevo
your-account = Su sesión
to-the-start = Ir a la página de inicio

sign-in-title = Iniciar sesión
sign-in-name = Nombre de usuario o correo electrónico
sign-in-wrong = El nombre de usuario o la contraseña no son correctos.
sign-in-forgotten = ¿Ha olvidado su contraseña? Pida una nueva a un administrador.

arrived-title = Su navegador no ha guardado la sesión
arrived-text = Sus datos eran correctos, pero la cookie que mantiene su sesión no ha vuelto.
arrived-do = Permita las cookies de este sitio, o use una ventana que las guarde, e inicie sesión de nuevo.

gone-title = Este inicio de sesión ha terminado
gone-text = Ha caducado, se completó en otra pestaña o su navegador no envió su cookie.
gone-do = Inicie sesión de nuevo. Si vuelve esta página, permita las cookies de este sitio.

ended-title = Demasiados códigos incorrectos
ended-text = Este inicio de sesión se ha cerrado para proteger la cuenta.
ended-do = Compruebe que el reloj de su dispositivo se ajusta automáticamente y vuelva a iniciar sesión.

challenge-title = Introduzca su código
challenge-step-up = Ya ha iniciado sesión. Lo que quiere abrir pide un código nuevo.
challenge-lead = Abra su aplicación de autenticación e introduzca los { $digits } dígitos que muestra para esta cuenta.
challenge-time = Tiene diez minutos. Después, inicie sesión de nuevo.
challenge-lost-title = ¿Ha perdido su aplicación de autenticación?
challenge-lost-elsewhere = Aquí no se acepta un código de respaldo. Para sustituir una aplicación perdida, cierre la sesión e inicie otra con uno de ellos.
challenge-lost-reset = Pida a un administrador que restablezca su autenticación multifactor. La configurará de nuevo en su próximo inicio de sesión.
challenge-lost-support = Si ningún administrador puede ayudarle, pregunte a soporte:
code-wrong =
    { $left ->
        [one] El código no es correcto. Le queda { $left } intento.
       *[other] El código no es correcto. Le quedan { $left } intentos.
    }
code-used =
    { $left ->
        [one] Este código ya se ha usado. Espere al siguiente. Le queda { $left } intento.
       *[other] Este código ya se ha usado. Espere al siguiente. Le quedan { $left } intentos.
    }

set-up-title = Configurar la autenticación multifactor
set-up-lead = Desde ahora, para iniciar sesión hacen falta su contraseña y un código de una aplicación.
set-up-password-lead = Introduzca su contraseña una vez más, para que nadie pueda configurarlo por usted.
set-up-password-wrong = La contraseña no es correcta.
set-up-app-title = Consiga una aplicación de autenticación
set-up-apps = Las habituales son Google Authenticator, Microsoft Authenticator, Authy, 1Password y Bitwarden. Sirve cualquier aplicación de códigos basados en el tiempo.
set-up-apps-computer = Las dos últimas funcionan también en un ordenador. La aplicación no necesita red para crear los códigos.
set-up-scan-title = Escanee el código QR con la aplicación
set-up-qr = Código QR; si no, use la clave de abajo
set-up-key = O introduzca esta clave en la aplicación:
set-up-open = O ábralo en una aplicación de este dispositivo
set-up-secret = No los muestre a nadie. Solo se ven hasta que termine.
set-up-confirm-title = Introduzca un código
set-up-confirm = Introduzca los { $digits } dígitos que la aplicación muestra ahora.
set-up-button = Activar
set-up-next-title = Qué pasa después
set-up-next = Cuando el código sea correcto, la autenticación multifactor quedará activada y recibirá códigos de respaldo para guardar; después seguirá adonde iba. Los demás navegadores en los que tiene sesión pedirán un código en su próxima solicitud.
set-up-time = Tiene diez minutos. Después, empiece de nuevo.
already-on-title = Ya está activada
already-on-text = La autenticación multifactor ya está activada. Desactívela primero para configurarla de nuevo.
not-offered-title = No hay nada que configurar
not-offered-text = Por ahora no se ofrece la autenticación multifactor a su cuenta.

try-again = Intentar de nuevo
back = Volver
held-title = Demasiados intentos
held-seconds =
    { $seconds ->
        [one] No se ha comprobado nada. Inténtelo de nuevo dentro de { $seconds } segundo.
       *[other] No se ha comprobado nada. Inténtelo de nuevo dentro de { $seconds } segundos.
    }
held-minutes =
    { $minutes ->
        [one] No se ha comprobado nada. Inténtelo de nuevo dentro de { $minutes } minuto.
       *[other] No se ha comprobado nada. Inténtelo de nuevo dentro de { $minutes } minutos.
    }
held-do = La espera crece con cada intento incorrecto. Si los intentos no son suyos, avise a un administrador.
locked-title = Bloqueado
locked-text = Ha habido demasiados códigos incorrectos seguidos y ya no se comprueban más de este tipo.
locked-do = Pida a un administrador que desbloquee su cuenta.

challenge-backup-title = Introduzca un código de respaldo
challenge-backup-lead = Introduzca uno de los códigos de respaldo que guardó. Cada uno sirve una vez.
backup-code-label = Código de respaldo
challenge-use-backup = Usar un código de respaldo
challenge-use-app = Usar su aplicación de autenticación
remember-label =
    { $days ->
        [one] No pedir código en este navegador durante { $days } día. Solo en un dispositivo que sea suyo.
       *[other] No pedir código en este navegador durante { $days } días. Solo en un dispositivo que sea suyo.
    }
hint-clock-behind =
    { $minutes ->
        [one] El reloj de su dispositivo va atrasado alrededor de { $minutes } minuto. Póngalo en automático e introduzca un código nuevo.
       *[other] El reloj de su dispositivo va atrasado unos { $minutes } minutos. Póngalo en automático e introduzca un código nuevo.
    }
hint-clock-ahead =
    { $minutes ->
        [one] El reloj de su dispositivo va adelantado alrededor de { $minutes } minuto. Póngalo en automático e introduzca un código nuevo.
       *[other] El reloj de su dispositivo va adelantado unos { $minutes } minutos. Póngalo en automático e introduzca un código nuevo.
    }
hint-parameters = Su aplicación no hace caso de lo que pide la clave ({ $asked }). Use otra.

enrol-code-lead = Para su cuenta, configurar esto requiere un código de un solo uso. Se lo da un administrador.
enrol-code-label = Código de inscripción
enrol-code-wrong = El código no es correcto o ha caducado. Pida uno nuevo a un administrador.

codes-title = Guarde sus códigos de respaldo
codes-lead = La autenticación multifactor está activada. Si pierde su aplicación de autenticación, uno de estos códigos ocupa su lugar. Cada uno sirve una vez. Se muestran ahora y nunca más.
codes-label = Sus códigos de respaldo
codes-copy = Un clic en los códigos los selecciona todos, para copiarlos. Su navegador imprime de esta página solo los códigos. Guárdelos lejos de su contraseña.
codes-download = Descargar los códigos
codes-file = códigos de respaldo de { $name }
codes-saved-label = He guardado estos códigos
codes-not-ticked = Guarde los códigos y marque la casilla; después continúe.
codes-next = Sigue adonde iba. Tiene diez minutos; si no marca la casilla, recibirá diez códigos nuevos después de su próximo inicio de sesión con su aplicación de autenticación.
codes-over-title = Estos códigos ya no se muestran
codes-over-text = Los códigos de respaldo se muestran una vez. Si no los guardó, cree otros.
codes-left =
    { $left ->
        [one] Le queda { $left } código de respaldo.
       *[other] Le quedan { $left } códigos de respaldo.
    }
codes-low = Cree otros pronto.

new-codes-title = Crear nuevos códigos de respaldo
new-codes-lead = Recibe diez códigos nuevos. Los antiguos dejan de servir de inmediato.
replace-title = Sustituir su aplicación de autenticación
replace-lead = Configura otra aplicación de autenticación en lugar de la actual.
replace-next = Cuando se confirme la nueva, la antigua dejará de servir, se cerrará su sesión en todos los demás sitios y no se recordará ningún navegador. Sus códigos de respaldo no cambian.
disable-title = Desactivar la autenticación multifactor
disable-lead = Para iniciar sesión bastará su contraseña. Su aplicación de autenticación y sus códigos de respaldo dejarán de servir, se cerrará su sesión en todos los demás sitios y no se recordará ningún navegador.
disable-next = Su organización puede pedirle de inmediato que la configure de nuevo.
change-code-lead = Introduzca los { $digits } dígitos que su aplicación de autenticación muestra ahora.
change-password-lead = Introduzca su contraseña una vez más.
change-code-wrong = El código no es correcto.
change-code-used = Este código ya se ha usado. Espere al siguiente.
refused-title = No en esta sesión
refused-codes = Ha iniciado sesión con un código de respaldo. Configure primero una nueva aplicación de autenticación, o inicie sesión con la actual; después podrá crear códigos nuevos.
refused-late = Inició sesión con un código de respaldo hace más de 15 minutos. Inicie sesión de nuevo para hacer esto.
refused-disable = Ha iniciado sesión con un código de respaldo, y con uno no se puede desactivar. Sustituya su aplicación de autenticación o pregunte a un administrador.
not-on-title = No está activada
not-on-text = La autenticación multifactor no está activada para su cuenta.

index-by-backup = Ha iniciado sesión con un código de respaldo. No se puede usar otra vez.
index-lost = ¿Ha perdido su aplicación de autenticación? Durante 15 minutos después de iniciar sesión, su contraseña basta para sustituirla.
index-changes = Cambios

index-title = Su sesión
index-mfa-on = La autenticación multifactor está activada.
index-mfa-off = La autenticación multifactor no está activada.
sign-out-title = Cerrar sesión
sign-out-here = Cerrar sesión aquí
sign-out-here-note = Termina su sesión en este navegador.
sign-out-everywhere = Cerrar sesión en todas partes
sign-out-everywhere-note = Termina su sesión en todos los navegadores y dispositivos.
signed-out-title = Ha cerrado la sesión
signed-out-text = Nadie tiene sesión iniciada en este sitio en este navegador.

denied-title = No puede abrir esto
denied-rule = La regla «{ $rule }» lo rechaza.
denied-default = Ninguna regla lo permite.
denied-exempt = Se pide un segundo factor y su cuenta está exenta de la autenticación multifactor.
denied-method = Solo se aceptan segundos factores que usted no tiene o que ya ha agotado.
denied-method-do = La página de su cuenta muestra los que tiene y crea nuevos códigos de respaldo.
denied-origin = La solicitud no vino de una página de este sitio.
denied-do = Si lo necesita, pregunte a un administrador e indique la regla y el número de la solicitud.

fault-title = Ahora no se pueden comprobar las sesiones
fault-text = El fallo es nuestro. No se ha dejado pasar nada y su sesión sigue abierta.
fault-do = Inténtelo de nuevo dentro de unos segundos.

status-400-title = No se ha entendido la solicitud
status-400-text = Vuelva atrás, cargue la página de nuevo y repita el paso.
status-403-title = Desde aquí no
status-403-text = Esta página solo responde cuando usted mismo la abre, y sus formularios solo cuando se envían desde ella. Vuelva atrás, cargue la página de nuevo y repita el paso.
status-404-title = No existe esa página
status-404-text = Compruebe la dirección o vaya a la página de inicio.
status-405-title = Esto no funciona aquí
status-405-text = La dirección no acepta solicitudes de este tipo.
status-413-title = Demasiado grande
status-413-text = Lo enviado es mayor de lo que aquí se acepta.
status-415-title = No es un formulario
status-415-text = La página solo acepta su propio formulario.
status-502-title = No se puede llegar a la aplicación
status-502-text = Su sesión sigue abierta. Inténtelo de nuevo dentro de unos minutos.
status-504-title = La aplicación no ha respondido a tiempo
status-504-text = Su sesión sigue abierta. Inténtelo de nuevo dentro de unos minutos.

form-kept = Lo que ha enviado se guarda diez minutos. Cuando haya iniciado sesión, lo verá y decidirá si se envía.
form-too-large = Lo que ha enviado no se ha guardado: supera los 256 KB. Vuelva atrás y copie lo que necesite antes de iniciar sesión.
form-kind = Lo que ha enviado no se ha guardado: este tipo de formulario no se puede guardar. Vuelva atrás y copie lo que necesite antes de iniciar sesión.
form-elsewhere = Lo que se ha enviado aquí no se ha guardado: no venía de una página de este sitio. Repítalo allí después de iniciar sesión.
form-too-many = Lo que ha enviado no se ha guardado: ya esperan cuatro formularios en este navegador o desde su red. Vuelva atrás y copie lo que necesite antes de iniciar sesión.
form-full = Lo que ha enviado no se ha guardado: ahora no queda espacio. Vuelva atrás y copie lo que necesite antes de iniciar sesión.
form-failed = Lo que ha enviado no se ha podido guardar; el fallo es nuestro. Vuelva atrás y copie lo que necesite antes de iniciar sesión.
form-title = ¿Enviar el formulario?
form-lead = Envió este formulario antes de que se le pidiera iniciar sesión o un código. Todavía no se ha entregado. Revíselo y envíelo.
form-to = Destino:
form-empty = El formulario no tiene campos.
form-hidden = no se muestra
form-bytes =
    { $bytes ->
        [one] { $bytes } byte
       *[other] { $bytes } bytes
    }
form-more =
    { $more ->
        [one] Se envía { $more } campo más que no se muestra aquí.
       *[other] Se envían { $more } campos más que no se muestran aquí.
    }
form-unread =
    { $bytes ->
        [one] Sus campos no se pueden mostrar; tiene { $bytes } byte.
       *[other] Sus campos no se pueden mostrar; tiene { $bytes } bytes.
    }
form-send = Enviar
form-discard = No enviar
form-time = Se envía una sola vez. Diez minutos después de rellenarlo se borra.
form-gone-title = No hay nada que enviar
form-gone-text = El formulario ya se envió, no debía enviarse o sus diez minutos han pasado. No se envía de nuevo.
form-gone-do = Si no está seguro, compruebe en la aplicación si ha llegado.
form-other-title = El formulario no se ha enviado
form-other-text = Lo rellenó otra persona. Se ha borrado y nadie lo ha visto.
form-not-sent-title = El formulario todavía no se ha enviado
form-again-text = Ha vuelto a iniciar sesión desde que se abrió la página. Mire el formulario una vez más y envíelo.
form-waits-text = No se puede acceder a la aplicación. El formulario sigue guardado; inténtelo de nuevo en un minuto.
form-see = Ver el formulario
form-unsure-title = La aplicación no ha respondido
form-unsure-text = El formulario se entregó, pero no hubo una respuesta correcta. Compruebe en la aplicación si ha llegado antes de rellenarlo de nuevo. No se envía una segunda vez.
form-waiting = Un formulario que ha rellenado espera a ser enviado.
